-- The last of so many attempts before a place in the list of requests; none where there are fewer.
SELECT at_us, request_id FROM attempts
WHERE at_us >= :since AND at_us < :until
    AND (at_us, request_id) < (:at, :id)
ORDER BY at_us DESC, request_id DESC
LIMIT 1 OFFSET :read - 1
