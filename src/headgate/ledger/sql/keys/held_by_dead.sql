SELECT SUM(held_nano) FROM leases WHERE scope = ? AND period = ? AND since_us = ? AND held_nano > 0 AND until_us < ?
