-- Requests that fit, after a place in the list, the earliest first: looked for among so many of
-- the attempts that are the nearest to it. A request stands where its first attempt does.
SELECT at_us, request_id
FROM (
    SELECT at_us, request_id, attempt, route, key FROM headgate.attempts
    WHERE at_us >= %(since)s AND at_us < %(until)s
        AND (at_us, request_id) > (%(at)s, %(id)s::text)
    ORDER BY at_us ASC, request_id ASC
    LIMIT %(read)s
) AS first
WHERE
{fits}
ORDER BY at_us ASC, request_id ASC
LIMIT %(most)s
