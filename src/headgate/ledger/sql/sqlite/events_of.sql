-- The events of some kinds within the window.
SELECT id, at_us, kind, subject, detail
FROM events
WHERE kind IN (SELECT value FROM json_each(:kinds)) AND at_us >= :since AND at_us < :until
ORDER BY at_us, id
