"""The checks of a draft that need nobody else: each looks at what is there, the cheapest first."""

from __future__ import annotations

from headgate.routing.checks.examination import PLAIN, Checks, Finding, examine

__all__ = ["PLAIN", "Checks", "Finding", "examine"]
