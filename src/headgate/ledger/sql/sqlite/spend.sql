-- Sums over the attempts sent within the window.
WITH fact AS (
    SELECT at_us / 3600000000 AS hour, cost_nano
    FROM attempts
    WHERE at_us >= :since AND at_us < :until
)
SELECT
    {by},
    COUNT(*),
    SUM(cost_nano IS NULL),
    COALESCE(SUM(cost_nano), 0)
FROM fact
GROUP BY {by}
