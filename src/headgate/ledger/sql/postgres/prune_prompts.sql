-- The oldest of those from before a moment.
DELETE FROM headgate.prompts WHERE request_id IN (
    SELECT request_id FROM headgate.prompts WHERE at_us < %(before)s ORDER BY at_us, request_id LIMIT %(most)s
)
