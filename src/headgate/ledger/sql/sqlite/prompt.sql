-- What was kept of one request.
SELECT request_id, at_us, dialect, request, request_bytes, answer, answer_bytes, form
FROM prompts
WHERE request_id = :request_id
