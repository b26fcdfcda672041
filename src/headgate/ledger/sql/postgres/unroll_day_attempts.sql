DELETE FROM headgate.daily_attempts WHERE day = %(day)s
