-- Sums of one day, put together from those of its hours.
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
FROM headgate.daily_attempts
WHERE day = %(day)s
GROUP BY {groups}
