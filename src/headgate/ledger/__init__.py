"""Every attempt as a row: entries, the journal they are safe in, the stores they rest in."""
