-- Every attempt of the requests that began within the window, whole requests in a row.
WITH request AS (
    SELECT request_id, MIN(at_us) AS began_us
    FROM headgate.attempts
    WHERE at_us >= %(since)s - %(reach)s AND at_us < %(until)s + %(reach)s
    GROUP BY request_id
    HAVING MIN(at_us) >= %(since)s AND MIN(at_us) < %(until)s
)
SELECT {columns}
FROM request JOIN headgate.attempts USING (request_id)
ORDER BY began_us, request_id, attempt
