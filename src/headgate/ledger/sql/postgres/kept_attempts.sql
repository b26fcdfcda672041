SELECT * FROM headgate.hourly_attempts WHERE hour = %(hour)s AND NOT sealed
