-- Every attempt of the requests that began within the window, whole requests in a row.
WITH request AS (
    SELECT request_id, MIN(at_us) AS began_us
    FROM attempts
    WHERE at_us >= :since - :reach AND at_us < :until + :reach
    GROUP BY request_id
    HAVING began_us >= :since AND began_us < :until
)
SELECT {columns}
FROM request JOIN attempts USING (request_id)
ORDER BY began_us, request_id, attempt
