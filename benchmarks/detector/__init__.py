"""Measures the detector on simulated streams: false alarms, delays, cost; prints the table."""
