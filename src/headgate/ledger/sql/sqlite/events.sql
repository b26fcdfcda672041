-- All events within the window.
SELECT id, at_us, kind, subject, detail
FROM events
WHERE at_us >= :since AND at_us < :until
ORDER BY at_us, id
