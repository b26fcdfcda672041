-- In the order given, so that the first word on an attempt stands.
INSERT INTO headgate.attempts ({columns})
SELECT {columns}
FROM {incoming}
ORDER BY place
ON CONFLICT (request_id, attempt) DO NOTHING
