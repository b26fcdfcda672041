INSERT INTO headgate.hourly_latencies (
    hour, sealed, tier, provider, model, measure, from_us, attempts
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
