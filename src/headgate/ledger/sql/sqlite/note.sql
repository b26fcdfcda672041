INSERT INTO events (id, at_us, kind, subject, detail) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING
