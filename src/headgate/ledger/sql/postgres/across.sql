-- Requests with attempts in a window and before it, and such after it: a JSON array of each. Of two
-- attempts of a request one is not its first, so only such rows are looked at closely.
SELECT
    json_agg(DISTINCT request_id) FILTER (WHERE early)::text,
    json_agg(DISTINCT request_id) FILTER (WHERE late)::text
FROM (
    SELECT
        request_id,
        EXISTS (
            SELECT 1 FROM headgate.attempts AS other
            WHERE other.request_id = one.request_id
                AND other.at_us >= %(reach_since)s AND other.at_us < %(since)s
        ) AS early,
        EXISTS (
            SELECT 1 FROM headgate.attempts AS other
            WHERE other.request_id = one.request_id
                AND other.at_us >= %(until)s AND other.at_us < %(reach_until)s
        ) AS late
    FROM headgate.attempts AS one
    WHERE at_us >= %(since)s AND at_us < %(until)s AND attempt > 0
    UNION ALL
    SELECT request_id, TRUE, FALSE FROM headgate.attempts AS one
    WHERE at_us >= %(reach_since)s AND at_us < %(since)s AND attempt > 0
        AND EXISTS (
            SELECT 1 FROM headgate.attempts AS other
            WHERE other.request_id = one.request_id
                AND other.at_us >= %(since)s AND other.at_us < %(until)s
        )
    UNION ALL
    SELECT request_id, FALSE, TRUE FROM headgate.attempts AS one
    WHERE at_us >= %(until)s AND at_us < %(reach_until)s AND attempt > 0
        AND EXISTS (
            SELECT 1 FROM headgate.attempts AS other
            WHERE other.request_id = one.request_id
                AND other.at_us >= %(since)s AND other.at_us < %(until)s
        )
) AS found
