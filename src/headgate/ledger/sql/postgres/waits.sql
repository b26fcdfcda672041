-- How long the first attempts within the window waited to be sent, the latest ones only.
SELECT queue_us
FROM headgate.attempts
WHERE at_us >= %(since)s AND at_us < %(until)s AND attempt = 0 AND queue_us IS NOT NULL
ORDER BY at_us DESC
LIMIT %(most)s
