INSERT INTO keys (id, created_us, record) VALUES (?, ?, ?)
ON CONFLICT (id) DO UPDATE SET record = excluded.record
