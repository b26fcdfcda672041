-- A page of the prompts, from the place where the last one ended.
SELECT request_id, at_us, dialect, request, request_bytes, answer, answer_bytes, form
FROM prompts
WHERE (at_us, request_id) > (:after, :last) AND at_us < :until
ORDER BY at_us, request_id
LIMIT :page
