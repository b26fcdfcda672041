-- Sums over the attempts sent within the window, by day.
SELECT
    at_us / %(day)s,
    COUNT(*),
    COUNT(*) - COUNT(cost_nano),
    COALESCE(SUM(cost_nano), 0)::bigint
FROM headgate.attempts
WHERE at_us >= %(since)s AND at_us < %(until)s
GROUP BY 1
ORDER BY 1
