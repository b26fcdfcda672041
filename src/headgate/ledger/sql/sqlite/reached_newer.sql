-- The last of so many attempts after a place in the list of requests; none where there are fewer.
SELECT at_us, request_id FROM attempts
WHERE at_us >= :since AND at_us < :until
    AND (at_us, request_id) > (:at, :id)
ORDER BY at_us ASC, request_id ASC
LIMIT 1 OFFSET :read - 1
