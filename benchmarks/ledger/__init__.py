"""The ledger under load: how fast rows go in, and how fast a month of them is reported."""
