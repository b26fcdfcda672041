-- When the attempt that came last was sent.
SELECT at_us FROM attempts ORDER BY rowid DESC LIMIT 1
