-- Sums of one day, put together from those of its hours.
SELECT
    {by},
    {sums_attempts}
FROM headgate.daily_attempts
WHERE day = %(day)s
GROUP BY {groups}
