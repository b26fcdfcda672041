-- All hours of the day are summed up, which whoever asks has made sure of.
INSERT INTO headgate.daily_latencies (
    day, tier, provider, model, measure, from_us, attempts
)
SELECT
    %(day)s::bigint, tier, provider, model, measure, from_us,
    SUM(attempts)::bigint
FROM headgate.hourly_latencies
WHERE hour >= %(day)s * 24 AND hour < (%(day)s + 1) * 24
GROUP BY
    from_us, tier, model, provider, measure
