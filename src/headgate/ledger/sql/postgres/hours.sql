-- The hours that hold attempts within the window, and for which of their changes the sums were made.
SELECT hour, changes, rolled
FROM headgate.hours
WHERE hour >= %(first)s AND hour < %(ceiling)s
ORDER BY hour
