SELECT COALESCE(SUM(cost_nano), 0) FROM attempts WHERE key = ? AND at_us >= ? AND at_us < ?
