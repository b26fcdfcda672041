-- Every attempt of the requests that began within the window, whole requests in a row.
WITH request AS (
    SELECT request_id, MIN(at_us) AS began_us
    FROM attempts
    WHERE at_us >= :since - :reach AND at_us < :until + :reach
    GROUP BY request_id
    HAVING began_us >= :since AND began_us < :until
)
SELECT
    request_id, attempt, at_us, purpose, dialect_in, dialect_out, route, asked, routed, tier,
    premium, provider, model_asked, model_answered, reason, cause, score, served, status, error,
    streamed, aborted, input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens,
    cache_write_1h_tokens, reasoning_tokens, usage_source, card, cost_nano, premium_nano,
    first_token_us, total_us, session, tags, config, queue_us, key, team, policy, router, category,
    trace, service_tier
FROM request JOIN attempts USING (request_id)
ORDER BY began_us, request_id, attempt
