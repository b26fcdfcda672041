-- Histograms of one day, put together from those of its hours.
SELECT
    {by},
    SUM(attempts)::bigint
FROM headgate.daily_latencies
WHERE day = %(day)s
GROUP BY {groups}
