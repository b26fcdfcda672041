-- How long the first attempts within the window waited to be sent, the latest ones only.
SELECT queue_us
FROM attempts
WHERE at_us >= :since AND at_us < :until AND attempt = 0 AND queue_us IS NOT NULL
ORDER BY at_us DESC
LIMIT :most
