-- All hours of the day are summed up, which whoever asks has made sure of.
INSERT INTO daily_latencies (
    day, tier, provider, model, measure, from_us, attempts
)
SELECT
    :day, tier, provider, model, measure, from_us,
    SUM(attempts)
FROM hourly_latencies
WHERE hour >= :day * 24 AND hour < (:day + 1) * 24
GROUP BY
    from_us, tier, model, provider, measure
