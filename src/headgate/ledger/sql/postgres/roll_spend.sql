INSERT INTO headgate.hourly_spend (
    hour, sealed, attempts, unpriced, cost_nano
) VALUES (%s, %s, %s, %s, %s)
