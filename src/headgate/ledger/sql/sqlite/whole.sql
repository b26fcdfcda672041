-- Every attempt of some requests, whole requests in a row.
SELECT
    request_id, attempt, at_us, purpose, dialect_in, dialect_out, route, asked, routed, tier,
    premium, provider, model_asked, model_answered, reason, cause, score, served, status, error,
    streamed, aborted, input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens,
    cache_write_1h_tokens, reasoning_tokens, usage_source, card, cost_nano, premium_nano,
    first_token_us, total_us, session, tags, config, queue_us, key, team, policy, router, category,
    trace, service_tier
FROM attempts
WHERE request_id IN (SELECT value FROM json_each(:ids))
ORDER BY request_id, attempt
