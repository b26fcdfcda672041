-- The hours that may hold attempts within the window, and whether their sums are up to date.
SELECT hour, changes, rolled = changes
FROM hours
WHERE hour >= :first AND hour < :ceiling
ORDER BY hour
