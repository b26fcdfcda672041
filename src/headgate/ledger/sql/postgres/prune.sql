-- The rows of the requests that began within the window.
DELETE FROM headgate.attempts WHERE request_id IN (
    SELECT request_id
    FROM headgate.attempts
    WHERE at_us >= %(since)s - %(reach)s AND at_us < %(until)s + %(reach)s
    GROUP BY request_id
    HAVING MIN(at_us) >= %(since)s AND MIN(at_us) < %(until)s
)
