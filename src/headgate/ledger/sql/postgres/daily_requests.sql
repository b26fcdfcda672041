-- Sums of one day, put together from those of its hours.
SELECT
    {by},
    {sums_requests}
FROM headgate.daily_requests
WHERE day = %(day)s
GROUP BY {groups}
