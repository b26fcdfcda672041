"""Who builds the house: rooms are made here from settings, and handed what they need."""
