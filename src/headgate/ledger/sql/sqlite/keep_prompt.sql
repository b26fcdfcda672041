INSERT INTO prompts
    (request_id, at_us, dialect, request, request_bytes, answer, answer_bytes, form)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (request_id) DO NOTHING
