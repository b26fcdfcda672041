-- All hours of the day are summed up, which whoever asks has made sure of.
INSERT INTO headgate.daily_requests (
    day, routed, route, key, team, policy, model, requests, served, escalated, comparable,
    paid_nano, baseline_nano, paid_squared, baseline_squared, paid_baseline, first_us, last_us
)
SELECT
    %(day)s::bigint, routed, route, key, team, policy, model,
    {sums_requests}
FROM headgate.hourly_requests
WHERE hour >= %(day)s * 24 AND hour < (%(day)s + 1) * 24
GROUP BY
    key, model, route, team, policy, routed
