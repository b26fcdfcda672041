"""How often intervals hold the truth, and how wide they are, over simulated samples."""
