UPDATE leases SET held_nano = 0 WHERE scope = ? AND period = ? AND since_us = ? AND until_us < ?
