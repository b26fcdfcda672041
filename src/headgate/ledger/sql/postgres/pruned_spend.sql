-- What the attempts of the requests that began within the window cost, by when they were sent.
SELECT
    at_us / 3600000000,
    COUNT(*),
    COUNT(*) - COUNT(cost_nano),
    COALESCE(SUM(cost_nano), 0)::bigint
FROM headgate.attempts
WHERE request_id IN (
    SELECT request_id
    FROM headgate.attempts
    WHERE at_us >= %(since)s - %(reach)s AND at_us < %(until)s + %(reach)s
    GROUP BY request_id
    HAVING MIN(at_us) >= %(since)s AND MIN(at_us) < %(until)s
)
GROUP BY 1
