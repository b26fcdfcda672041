SELECT spent_nano, held_nano FROM accounts WHERE scope = ? AND period = ? AND since_us = ?
