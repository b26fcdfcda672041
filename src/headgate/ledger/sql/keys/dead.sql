SELECT DISTINCT scope, period, since_us FROM leases WHERE held_nano > 0 AND until_us < ?
