INSERT INTO headgate.prompts
    (request_id, at_us, dialect, request, request_bytes, answer, answer_bytes, form)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (request_id) DO NOTHING
