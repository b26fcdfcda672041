-- Sums over the attempts of the requests that began within the window, a part
-- of one hour. They are the attempts sent within it, but those of requests that began before (`early`),
-- and the later ones of requests that go on after it (`late`).
-- Grouped by one text that tells all dimensions apart: most rows are like many others, and to find
-- them alike SQLite would compare thirteen columns one by one.
WITH fact AS (
    SELECT
        routed, role, tier, premium, cost_nano IS NOT NULL AS priced, provider, model_asked AS model,
        route, COALESCE(key, '') AS key, COALESCE(team, '') AS team, policy, reason,
        COALESCE(error, '') AS error, usage_source, aborted, cost_nano, input_tokens, output_tokens,
        cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, reasoning_tokens
    FROM attempts
    WHERE (
        at_us >= :since AND at_us < :until
        AND request_id NOT IN (SELECT value FROM json_each(:early))
        OR request_id IN (SELECT value FROM json_each(:late)) AND at_us >= :until
    )
)
SELECT
    routed, role, tier, premium, priced, provider, model, route, key, team, policy, reason, error,
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
GROUP BY json_array(
    key, reason, role, tier, error, model, provider, route, team, policy, routed, premium, priced
)
