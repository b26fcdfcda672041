-- Of which days sums are kept, and what their hours' changes added up to when these were made.
SELECT day, changes FROM headgate.days WHERE day >= %(first)s AND day < %(ceiling)s
