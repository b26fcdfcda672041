-- What is kept of a text is at most the whole of it.
SELECT request_id FROM prompts
WHERE LENGTH(CAST(request AS BLOB)) > request_bytes OR LENGTH(CAST(answer AS BLOB)) > answer_bytes
ORDER BY request_id
