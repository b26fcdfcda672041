-- Of which requests attempts were sent within the window: one value, a JSON array.
SELECT json_group_array(request_id) FROM attempts WHERE at_us >= :since AND at_us < :until
