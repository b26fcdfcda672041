"""The advisory locks that Headgate takes in a PostgreSQL database, so that no two mean the same."""

from __future__ import annotations

__all__ = ["KEYS", "LEADING", "WRITING"]

# Two numbers say whose lock it is: "HDGT", and what is locked. From the first release on a number
# keeps its meaning, for gateways of two releases may run side by side.
WRITING = "1212434260, 1"
"""The ledger's rows; held for one transaction."""
LEADING = "1212434260, 2"
"""The watch; held for as long as one process leads."""
KEYS = "1212434260, 3"
"""Keys and budgets; held for one transaction."""
