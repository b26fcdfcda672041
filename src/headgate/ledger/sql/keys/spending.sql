SELECT period, since_us, spent_nano, held_nano FROM accounts WHERE scope = ? ORDER BY since_us DESC, period
