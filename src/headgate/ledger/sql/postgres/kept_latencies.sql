SELECT * FROM headgate.hourly_latencies WHERE hour = %(hour)s AND NOT sealed
