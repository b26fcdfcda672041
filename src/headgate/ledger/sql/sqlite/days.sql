-- Of which days sums are kept, and what their hours' changes added up to when these were made.
SELECT day, changes FROM days WHERE day >= :first AND day < :ceiling
