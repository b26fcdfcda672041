-- What knows of rows that there are not (some were restored from a backup) is not for this ledger.
SELECT state FROM headgate.states
WHERE name = %(subject)s AND sequence <= (SELECT MAX(sequence) FROM headgate.attempts)
