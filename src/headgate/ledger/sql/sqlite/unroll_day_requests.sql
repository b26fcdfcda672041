DELETE FROM daily_requests WHERE day = :day
