-- Sums of one day, put together from those of its hours.
SELECT
    {by},
    SUM(requests)::bigint,
    SUM(served)::bigint,
    SUM(escalated)::bigint,
    SUM(comparable)::bigint,
    SUM(paid_nano)::bigint,
    SUM(baseline_nano)::bigint,
    SUM(paid_squared),
    SUM(baseline_squared),
    SUM(paid_baseline),
    MIN(first_us),
    MAX(last_us)
FROM headgate.daily_requests
WHERE day = %(day)s
GROUP BY {groups}
