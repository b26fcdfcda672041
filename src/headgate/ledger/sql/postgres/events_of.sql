-- The events of some kinds within the window.
SELECT id, at_us, kind, subject, detail
FROM headgate.events
WHERE kind = ANY(%(kinds)s::text[]) AND at_us >= %(since)s AND at_us < %(until)s
ORDER BY at_us, id
