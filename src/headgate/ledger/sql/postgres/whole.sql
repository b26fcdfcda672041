-- Every attempt of some requests, whole requests in a row.
SELECT {columns}
FROM headgate.attempts
WHERE request_id = ANY(%(ids)s)
ORDER BY request_id, attempt
