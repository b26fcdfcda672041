SELECT * FROM hourly_requests WHERE hour = :hour AND NOT sealed
