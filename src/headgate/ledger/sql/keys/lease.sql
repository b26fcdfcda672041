SELECT spent_nano, held_nano FROM leases WHERE scope = ? AND period = ? AND since_us = ? AND holder = ?
