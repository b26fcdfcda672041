-- All events within the window.
SELECT id, at_us, kind, subject, detail
FROM headgate.events
WHERE at_us >= %(since)s AND at_us < %(until)s
ORDER BY at_us, id
