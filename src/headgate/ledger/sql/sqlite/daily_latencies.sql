-- Histograms of one day, put together from those of its hours.
SELECT
    {by},
    SUM(attempts)
FROM daily_latencies
WHERE day = :day
GROUP BY {groups}
