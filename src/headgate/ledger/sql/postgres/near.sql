-- Of which requests attempts were sent within the window: one value, a JSON array.
SELECT json_agg(request_id)::text FROM headgate.attempts WHERE at_us >= %(since)s AND at_us < %(until)s
