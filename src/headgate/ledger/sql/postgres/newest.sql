-- When the attempt that came last was sent.
SELECT at_us FROM headgate.attempts ORDER BY sequence DESC LIMIT 1
