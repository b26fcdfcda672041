-- Sums over the attempts of the requests that began within the window, a part
-- of one hour. They are the attempts sent within it, but those of requests that began before (`early`),
-- and the later ones of requests that go on after it (`late`).
WITH fact AS (
    SELECT
        routed, role, tier, premium, cost_nano IS NOT NULL AS priced, provider, model_asked AS model,
        route, COALESCE(key, '') AS key, COALESCE(team, '') AS team, policy, reason,
        COALESCE(error, '') AS error, usage_source, aborted, cost_nano, input_tokens, output_tokens,
        cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, reasoning_tokens
    FROM headgate.attempts
    WHERE (
        at_us >= %(since)s AND at_us < %(until)s
        AND request_id <> ALL(%(early)s::text[])
        OR request_id = ANY(%(late)s::text[]) AND at_us >= %(until)s
    )
)
SELECT
    routed, role, tier, premium, priced, provider, model, route, key, team, policy, reason, error,
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
GROUP BY
    key, reason, role, tier, error, model, provider, route, team, policy, routed, premium, priced
