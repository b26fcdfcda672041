-- Sums of whole hours whose rows have not changed since, and of those whose rows are gone.
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
FROM headgate.hourly_requests
WHERE hour >= %(first)s AND hour < %(ceiling)s AND (
    sealed
    OR hour IN (
        SELECT hour FROM headgate.hours WHERE hour >= %(first)s AND hour < %(end)s AND rolled = changes
    )
)
GROUP BY {groups}
