DELETE FROM daily_latencies WHERE day = :day
