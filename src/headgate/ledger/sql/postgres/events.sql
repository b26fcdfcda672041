-- The events within the window; an empty list of kinds asks for all of them.
SELECT id, at_us, kind, subject, detail
FROM headgate.events
WHERE at_us >= %(since)s AND at_us < %(until)s
  AND (%(kinds)s = '[]' OR kind IN (SELECT json_array_elements_text(%(kinds)s::json)))
ORDER BY at_us, id
