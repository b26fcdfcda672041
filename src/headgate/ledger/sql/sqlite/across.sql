-- Requests with attempts in a window and before it, and such after it: a JSON array of each. Of two
-- attempts of a request one is not its first, so only such rows are looked at closely; CROSS and the
-- + keep the look-up to a request's own rows.
SELECT
    json_group_array(DISTINCT one.request_id) FILTER (WHERE MIN(one.at_us, other.at_us) < :since),
    json_group_array(DISTINCT one.request_id) FILTER (WHERE MAX(one.at_us, other.at_us) >= :until)
FROM attempts AS one CROSS JOIN attempts AS other ON other.request_id = one.request_id
WHERE one.attempt > 0
    AND one.at_us >= :reach_since AND one.at_us < :reach_until
    AND +other.at_us >= :reach_since AND +other.at_us < :reach_until
    AND (one.at_us >= :since AND one.at_us < :until)
        <> (other.at_us >= :since AND other.at_us < :until)
