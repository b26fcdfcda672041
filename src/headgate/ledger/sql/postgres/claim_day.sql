-- The sums of a day are those of its hours, whose changes add up to so many.
INSERT INTO headgate.days (day, changes) VALUES (%(day)s, %(changes)s)
ON CONFLICT (day) DO UPDATE SET changes = excluded.changes
