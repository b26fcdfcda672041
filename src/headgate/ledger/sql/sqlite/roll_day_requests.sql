-- All hours of the day are summed up, which whoever asks has made sure of.
INSERT INTO daily_requests (
    day, routed, route, key, team, policy, model, requests, served, escalated, comparable,
    paid_nano, baseline_nano, paid_squared, baseline_squared, paid_baseline, first_us, last_us
)
SELECT
    :day, routed, route, key, team, policy, model,
    {sums_requests}
FROM hourly_requests
WHERE hour >= :day * 24 AND hour < (:day + 1) * 24
GROUP BY
    key, model, route, team, policy, routed
