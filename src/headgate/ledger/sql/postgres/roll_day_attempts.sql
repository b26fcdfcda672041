-- All hours of the day are summed up, which whoever asks has made sure of.
INSERT INTO headgate.daily_attempts (
    day, routed, role, tier, premium, priced, provider, model, route, key, team, policy, reason,
    error, attempts, estimated, aborted, cost_nano, input_tokens, output_tokens,
    cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, reasoning_tokens
)
SELECT
    %(day)s::bigint, routed, role, tier, premium, priced, provider, model, route, key, team,
    policy, reason, error,
    {sums_attempts}
FROM headgate.hourly_attempts
WHERE hour >= %(day)s * 24 AND hour < (%(day)s + 1) * 24
GROUP BY
    key, reason, role, tier, error, model, provider, route, team, policy, routed, premium,
    priced
