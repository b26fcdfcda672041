DELETE FROM daily_attempts WHERE day = :day
