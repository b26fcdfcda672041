-- What the attempts of the requests that began within the window cost, by when they were sent.
SELECT
    at_us / 3600000000,
    COUNT(*),
    SUM(cost_nano IS NULL),
    COALESCE(SUM(cost_nano), 0)
FROM attempts
WHERE request_id IN (
    SELECT request_id
    FROM attempts
    WHERE at_us >= :since - :reach AND at_us < :until + :reach
    GROUP BY request_id
    HAVING MIN(at_us) >= :since AND MIN(at_us) < :until
)
GROUP BY 1
