INSERT INTO teams (name, record) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET record = excluded.record
