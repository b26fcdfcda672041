-- Counts, durations and list prices are never below zero.
SELECT request_id, attempt FROM attempts
WHERE attempt < 0 OR input_tokens < 0 OR output_tokens < 0 OR cache_read_tokens < 0
   OR cache_write_5m_tokens < 0 OR cache_write_1h_tokens < 0 OR reasoning_tokens < 0
   OR cost_nano < 0 OR premium_nano < 0 OR first_token_us < 0 OR total_us < 0
ORDER BY request_id, attempt
