SELECT COALESCE(SUM(cost_nano), 0) FROM attempts WHERE team = ? AND at_us >= ? AND at_us < ?
