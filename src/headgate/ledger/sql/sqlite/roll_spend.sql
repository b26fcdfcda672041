INSERT INTO hourly_spend (
    hour, sealed, attempts, unpriced, cost_nano
) VALUES (?, ?, ?, ?, ?)
