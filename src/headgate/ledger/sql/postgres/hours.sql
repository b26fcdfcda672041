-- The hours that may hold attempts within the window, and whether their sums are up to date.
SELECT hour, changes, rolled = changes
FROM headgate.hours
WHERE hour >= %(first)s AND hour < %(ceiling)s
ORDER BY hour
