-- Whose answers their providers have stored under an id.
SELECT {columns}
FROM attempts
WHERE answer_id = :answer
ORDER BY at_us DESC
LIMIT :most
