-- Whose answers their providers have stored under an id.
SELECT {columns}
FROM headgate.attempts
WHERE answer_id = %(answer)s
ORDER BY at_us DESC
LIMIT %(most)s
