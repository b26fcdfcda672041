-- What knows of rows that there are not (some were restored from a backup) is not for this ledger.
SELECT state FROM states
WHERE name = :subject AND sequence <= (SELECT MAX(rowid) FROM attempts)
