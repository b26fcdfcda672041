-- Sums of whole hours whose rows have not changed since, and of those whose rows are gone.
SELECT
    {by},
    SUM(attempts),
    SUM(unpriced),
    SUM(cost_nano)
FROM hourly_spend
WHERE hour >= :first AND hour < :ceiling AND (
    sealed
    OR hour < :end AND hour IN (SELECT hour FROM hours WHERE rolled = changes)
)
GROUP BY {by}
