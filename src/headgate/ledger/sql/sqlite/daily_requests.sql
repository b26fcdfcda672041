-- Sums of one day, put together from those of its hours.
SELECT
    {by},
    {sums_requests}
FROM daily_requests
WHERE day = :day
GROUP BY {groups}
