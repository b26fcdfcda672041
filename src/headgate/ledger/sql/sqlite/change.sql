-- Rows have come to this hour (or gone from it): its sums are no longer theirs.
INSERT INTO hours (hour, changes, rolled) VALUES (?, 1, 0)
ON CONFLICT (hour) DO UPDATE SET changes = hours.changes + 1
