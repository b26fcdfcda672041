"""What the drift watch promises and finds, measured over simulated years."""
