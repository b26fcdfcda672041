-- Sums of whole hours whose rows have not changed since, and of those whose rows are gone.
SELECT
    {by},
    {sums_attempts}
FROM headgate.hourly_attempts
WHERE hour >= %(first)s AND hour < %(ceiling)s AND (
    sealed
    OR hour IN (
        SELECT hour FROM headgate.hours WHERE hour >= %(first)s AND hour < %(end)s AND rolled = changes
    )
)
GROUP BY {groups}
