-- The sums of a day are those of its hours, whose changes add up to so many.
INSERT INTO days (day, changes) VALUES (:day, :changes)
ON CONFLICT (day) DO UPDATE SET changes = excluded.changes
