-- The hours that hold attempts within the window, and for which of their changes the sums were made.
SELECT hour, changes, rolled
FROM hours
WHERE hour >= :first AND hour < :ceiling
ORDER BY hour
