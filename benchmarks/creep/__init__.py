"""Six months of creep through a running gateway, in compressed time: alarm, action, alert, end."""
