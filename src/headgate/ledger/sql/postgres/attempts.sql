-- Sums over the attempts of the requests that began within the window.
WITH request AS (
    SELECT request_id, MIN(at_us) AS began_us
    FROM headgate.attempts
    WHERE at_us >= %(since)s - %(reach)s AND at_us < %(until)s + %(reach)s
    GROUP BY request_id
    HAVING MIN(at_us) >= %(since)s AND MIN(at_us) < %(until)s
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
    FROM request JOIN headgate.attempts USING (request_id)
)
SELECT
    {by},
    COUNT(*),
    COUNT(*) FILTER (WHERE usage_source = 'estimated'),
    COUNT(*) FILTER (WHERE aborted),
    COALESCE(SUM(cost_nano), 0)::bigint,
    SUM(input_tokens)::bigint,
    SUM(output_tokens)::bigint,
    SUM(cache_read_tokens)::bigint,
    SUM(cache_write_5m_tokens)::bigint,
    SUM(cache_write_1h_tokens)::bigint,
    SUM(reasoning_tokens)::bigint
FROM fact
GROUP BY {by}
