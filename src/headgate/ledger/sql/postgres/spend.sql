-- Sums over the attempts sent within the window.
WITH fact AS (
    SELECT at_us / 3600000000 AS hour, cost_nano
    FROM headgate.attempts
    WHERE at_us >= %(since)s AND at_us < %(until)s
)
SELECT
    {by},
    COUNT(*),
    COUNT(*) - COUNT(cost_nano),
    COALESCE(SUM(cost_nano), 0)::bigint
FROM fact
GROUP BY {by}
