SELECT * FROM headgate.hourly_spend WHERE hour = %(hour)s AND NOT sealed
