-- Requests with attempts in a window and before it, and such after it: a JSON array of each. Of two
-- attempts of a request one is not its first, so only such rows are looked at closely; the + keeps
-- the look-up to a request's own rows.
SELECT
    json_group_array(DISTINCT request_id) FILTER (WHERE early),
    json_group_array(DISTINCT request_id) FILTER (WHERE late)
FROM (
    SELECT
        request_id,
        EXISTS (
            SELECT 1 FROM attempts AS other
            WHERE other.request_id = one.request_id
                AND +other.at_us >= :reach_since AND +other.at_us < :since
        ) AS early,
        EXISTS (
            SELECT 1 FROM attempts AS other
            WHERE other.request_id = one.request_id
                AND +other.at_us >= :until AND +other.at_us < :reach_until
        ) AS late
    FROM attempts AS one
    WHERE at_us >= :since AND at_us < :until AND attempt > 0
    UNION ALL
    SELECT request_id, 1, 0 FROM attempts AS one
    WHERE at_us >= :reach_since AND at_us < :since AND attempt > 0
        AND EXISTS (
            SELECT 1 FROM attempts AS other
            WHERE other.request_id = one.request_id
                AND +other.at_us >= :since AND +other.at_us < :until
        )
    UNION ALL
    SELECT request_id, 0, 1 FROM attempts AS one
    WHERE at_us >= :until AND at_us < :reach_until AND attempt > 0
        AND EXISTS (
            SELECT 1 FROM attempts AS other
            WHERE other.request_id = one.request_id
                AND +other.at_us >= :since AND +other.at_us < :until
        )
) AS found
