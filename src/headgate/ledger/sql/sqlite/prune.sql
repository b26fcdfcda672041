-- The rows of the requests that began within the window.
DELETE FROM attempts WHERE request_id IN (
    SELECT request_id
    FROM attempts
    WHERE at_us >= :since - :reach AND at_us < :until + :reach
    GROUP BY request_id
    HAVING MIN(at_us) >= :since AND MIN(at_us) < :until
)
