SELECT * FROM headgate.hourly_requests WHERE hour = %(hour)s AND NOT sealed
