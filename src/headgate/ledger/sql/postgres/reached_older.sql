-- The last of so many attempts before a place in the list of requests; none where there are fewer.
SELECT at_us, request_id FROM headgate.attempts
WHERE at_us >= %(since)s AND at_us < %(until)s
    AND (at_us, request_id) < (%(at)s, %(id)s::text)
ORDER BY at_us DESC, request_id DESC
LIMIT 1 OFFSET %(read)s - 1
