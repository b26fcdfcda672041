SELECT * FROM hourly_spend WHERE hour = :hour AND NOT sealed
