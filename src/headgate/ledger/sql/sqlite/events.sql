-- The events within the window; an empty list of kinds asks for all of them.
SELECT id, at_us, kind, subject, detail
FROM events
WHERE at_us >= :since AND at_us < :until
  AND (:kinds = '[]' OR kind IN (SELECT value FROM json_each(:kinds)))
ORDER BY at_us, id
