DELETE FROM headgate.daily_latencies WHERE day = %(day)s
