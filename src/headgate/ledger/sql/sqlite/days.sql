-- Sums over the attempts sent within the window, by day.
SELECT
    at_us / :day,
    COUNT(*),
    SUM(cost_nano IS NULL),
    COALESCE(SUM(cost_nano), 0)
FROM attempts
WHERE at_us >= :since AND at_us < :until
GROUP BY 1
ORDER BY 1
