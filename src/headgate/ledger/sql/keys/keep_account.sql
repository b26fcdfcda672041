INSERT INTO accounts (scope, period, since_us, spent_nano, held_nano)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (scope, period, since_us) DO UPDATE
SET spent_nano = excluded.spent_nano, held_nano = excluded.held_nano
