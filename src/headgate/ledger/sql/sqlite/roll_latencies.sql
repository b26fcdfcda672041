INSERT INTO hourly_latencies (
    hour, sealed, tier, provider, model, measure, from_us, attempts
) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
