-- Rows have come to this hour (or gone from it): its sums are no longer theirs.
INSERT INTO headgate.hours (hour, changes, rolled) VALUES (%s, 1, 0)
ON CONFLICT (hour) DO UPDATE SET changes = headgate.hours.changes + 1
