-- Sums of one day, put together from those of its hours.
SELECT
    {by},
    SUM(attempts),
    SUM(estimated),
    SUM(aborted),
    SUM(cost_nano),
    SUM(input_tokens),
    SUM(output_tokens),
    SUM(cache_read_tokens),
    SUM(cache_write_5m_tokens),
    SUM(cache_write_1h_tokens),
    SUM(reasoning_tokens)
FROM daily_attempts
WHERE day = :day
GROUP BY {groups}
