-- The oldest of those from before a moment.
DELETE FROM prompts WHERE request_id IN (
    SELECT request_id FROM prompts WHERE at_us < :before ORDER BY at_us, request_id LIMIT :most
)
