"""Instruments for uncertainty: intervals and tests; random generators are passed in."""
