INSERT INTO headgate.hourly_attempts (
    hour, sealed, routed, role, tier, premium, priced, provider, model, route, key, team,
    policy, reason, error, attempts, estimated, aborted, cost_nano, input_tokens,
    output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
    reasoning_tokens
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
