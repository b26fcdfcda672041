INSERT INTO leases (scope, period, since_us, holder, spent_nano, held_nano, until_us)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (scope, period, since_us, holder) DO UPDATE
SET spent_nano = excluded.spent_nano, held_nano = excluded.held_nano, until_us = excluded.until_us
