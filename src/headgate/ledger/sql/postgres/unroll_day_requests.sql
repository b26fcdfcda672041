DELETE FROM headgate.daily_requests WHERE day = %(day)s
