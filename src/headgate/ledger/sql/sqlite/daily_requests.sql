-- Sums of one day, put together from those of its hours.
SELECT
    {by},
    SUM(requests),
    SUM(served),
    SUM(escalated),
    SUM(comparable),
    SUM(paid_nano),
    SUM(baseline_nano),
    SUM(paid_squared),
    SUM(baseline_squared),
    SUM(paid_baseline),
    MIN(first_us),
    MAX(last_us)
FROM daily_requests
WHERE day = :day
GROUP BY {groups}
