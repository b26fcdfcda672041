-- Requests that fit, after a place in the list, the earliest first: looked for among so many of
-- the attempts that are the nearest to it. A request stands where its first attempt does.
SELECT at_us, request_id
FROM (
    SELECT at_us, request_id, attempt, route, key FROM attempts
    WHERE at_us >= :since AND at_us < :until
        AND (at_us, request_id) > (:at, :id)
    ORDER BY at_us ASC, request_id ASC
    LIMIT :read
) AS first
WHERE
{fits}
ORDER BY at_us ASC, request_id ASC
LIMIT :most
