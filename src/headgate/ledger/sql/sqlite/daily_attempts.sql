-- Sums of one day, put together from those of its hours.
SELECT
    {by},
    {sums_attempts}
FROM daily_attempts
WHERE day = :day
GROUP BY {groups}
