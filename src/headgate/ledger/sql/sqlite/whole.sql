-- Every attempt of some requests, whole requests in a row.
SELECT {columns}
FROM attempts
WHERE request_id IN (SELECT value FROM json_each(:ids))
ORDER BY request_id, attempt
