SELECT
    hour, sealed, routed, route, key, team, policy, model, requests, served, escalated,
    comparable, paid_nano, baseline_nano, paid_squared, baseline_squared, paid_baseline,
    first_us, last_us
FROM hourly_requests
WHERE hour = :hour AND NOT sealed
