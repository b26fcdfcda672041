-- Sums of whole hours whose rows have not changed since, and of those whose rows are gone.
SELECT
    {by},
    SUM(attempts)::bigint,
    SUM(estimated)::bigint,
    SUM(aborted)::bigint,
    SUM(cost_nano)::bigint,
    SUM(input_tokens)::bigint,
    SUM(output_tokens)::bigint,
    SUM(cache_read_tokens)::bigint,
    SUM(cache_write_5m_tokens)::bigint,
    SUM(cache_write_1h_tokens)::bigint,
    SUM(reasoning_tokens)::bigint
FROM headgate.hourly_attempts
WHERE hour >= %(first)s AND hour < %(ceiling)s AND (
    sealed
    OR hour IN (
        SELECT hour FROM headgate.hours WHERE hour >= %(first)s AND hour < %(end)s AND rolled = changes
    )
)
GROUP BY {groups}
