-- Sums of whole hours whose rows have not changed since, and of those whose rows are gone.
SELECT
    {by},
    {sums_attempts}
FROM hourly_attempts
WHERE hour >= :first AND hour < :ceiling AND (
    sealed
    OR hour IN (
        SELECT hour FROM hours WHERE hour >= :first AND hour < :end AND rolled = changes
    )
)
GROUP BY {groups}
