-- Which model answered a request: sums over requests are told apart by it too. They are made again
-- from the rows; those whose rows are pruned do not know it.
ALTER TABLE hourly_requests ADD COLUMN model TEXT NOT NULL DEFAULT '';

UPDATE hours SET rolled = 0;
