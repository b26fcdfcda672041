INSERT INTO headgate.events (id, at_us, kind, subject, detail) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (id) DO NOTHING
