-- Sums over the attempts of the requests that began within the window.
WITH request AS (
    SELECT request_id, MIN(at_us) AS began_us
    FROM attempts
    WHERE at_us >= :since - :reach AND at_us < :until + :reach
    GROUP BY request_id
    HAVING began_us >= :since AND began_us < :until
), fact AS (
    SELECT
        began_us / 3600000000 AS hour,
        cost_nano IS NOT NULL AS priced,
        model_asked AS model,
        COALESCE(key, '') AS key,
        COALESCE(team, '') AS team,
        COALESCE(error, '') AS error,
        routed, role, tier, premium, provider, route, policy, reason,
        usage_source, aborted, cost_nano, input_tokens, output_tokens,
        cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, reasoning_tokens
    FROM request JOIN attempts USING (request_id)
)
SELECT
    {by},
    COUNT(*),
    SUM(usage_source = 'estimated'),
    SUM(aborted),
    COALESCE(SUM(cost_nano), 0),
    SUM(input_tokens),
    SUM(output_tokens),
    SUM(cache_read_tokens),
    SUM(cache_write_5m_tokens),
    SUM(cache_write_1h_tokens),
    SUM(reasoning_tokens)
FROM fact
GROUP BY {by}
