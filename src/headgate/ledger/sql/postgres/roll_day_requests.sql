-- All hours of the day are summed up, which whoever asks has made sure of.
INSERT INTO headgate.daily_requests (
    day, routed, route, key, team, policy, model, requests, served, escalated, comparable,
    paid_nano, baseline_nano, paid_squared, baseline_squared, paid_baseline, first_us, last_us
)
SELECT
    %(day)s::bigint, routed, route, key, team, policy, model,
    SUM(requests)::bigint,
    SUM(served)::bigint,
    SUM(escalated)::bigint,
    SUM(comparable)::bigint,
    SUM(paid_nano)::bigint,
    SUM(baseline_nano)::bigint,
    SUM(paid_squared),
    SUM(baseline_squared),
    SUM(paid_baseline),
    MIN(first_us),
    MAX(last_us)
FROM headgate.hourly_requests
WHERE hour >= %(day)s * 24 AND hour < (%(day)s + 1) * 24
GROUP BY
    key, model, route, team, policy, routed
