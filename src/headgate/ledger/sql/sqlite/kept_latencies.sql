SELECT * FROM hourly_latencies WHERE hour = :hour AND NOT sealed
