SELECT * FROM hourly_attempts WHERE hour = :hour AND NOT sealed
