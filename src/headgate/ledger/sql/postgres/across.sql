-- Requests with attempts in a window and before it, and such after it: a JSON array of each. Of two
-- attempts of a request one is not its first, so only such rows are looked at closely.
SELECT
    json_agg(DISTINCT one.request_id) FILTER (WHERE LEAST(one.at_us, other.at_us) < %(since)s)::text,
    json_agg(DISTINCT one.request_id) FILTER (WHERE GREATEST(one.at_us, other.at_us) >= %(until)s)::text
FROM headgate.attempts AS one JOIN headgate.attempts AS other ON other.request_id = one.request_id
WHERE one.attempt > 0
    AND one.at_us >= %(reach_since)s AND one.at_us < %(reach_until)s
    AND other.at_us >= %(reach_since)s AND other.at_us < %(reach_until)s
    AND (one.at_us >= %(since)s AND one.at_us < %(until)s)
        <> (other.at_us >= %(since)s AND other.at_us < %(until)s)
