-- Sums of whole hours whose rows have not changed since, and of those whose rows are gone.
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
FROM hourly_requests
WHERE hour >= :first AND hour < :ceiling AND (
    sealed
    OR hour IN (
        SELECT hour FROM hours WHERE hour >= :first AND hour < :end AND rolled = changes
    )
)
GROUP BY {groups}
