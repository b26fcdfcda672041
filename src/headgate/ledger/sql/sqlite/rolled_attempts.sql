-- Sums of whole hours whose rows have not changed since, and of those whose rows are gone.
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
FROM hourly_attempts
WHERE hour >= :first AND hour < :ceiling AND (
    sealed
    OR hour IN (
        SELECT hour FROM hours WHERE hour >= :first AND hour < :end AND rolled = changes
    )
)
GROUP BY {groups}
