-- What is kept of a text is at most the whole of it.
SELECT request_id FROM headgate.prompts
WHERE OCTET_LENGTH(request) > request_bytes OR OCTET_LENGTH(answer) > answer_bytes
ORDER BY request_id
