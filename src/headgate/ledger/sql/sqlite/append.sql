INSERT INTO attempts ({columns})
VALUES ({marks})
ON CONFLICT (request_id, attempt) DO NOTHING
