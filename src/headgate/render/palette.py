"""What each colour of a chart means: one for each tier and kind of line, the same in every chart.

A colour is a number; the classes `sN` and `lN` of the style sheet give it its look in light and
dark. Neighbouring numbers differ in lightness too, so that they can be told apart in grey.
"""

from __future__ import annotations

__all__ = [
    "CHEAP",
    "CHECK",
    "CLASSIFIER",
    "COLOURS",
    "FIXED",
    "OTHERS",
    "PAIR",
    "PREMIUM",
    "QUIET",
    "RETRIES",
    "ROUTED",
    "tier_colour",
]

CHEAP, PREMIUM = 0, 1
BETWEEN = (2, 6, 3)
"""Of tiers between the cheapest and premium, in turn."""
ROUTED = 3
"""Routing as a whole, where its bill stands beside a tier's."""
QUIET = 4
CLASSIFIER = 5
CHECK = 6
RETRIES = 7
FIXED = 4
PAIR = (ROUTED, 2)
"""Of two routers or plans side by side, which are no tiers."""
OTHERS = (QUIET, 6, 2, 7, 5)
"""Of what stands beside a router and is no tier, in turn."""
COLOURS = 8


def tier_colour(position: int, tiers: int) -> int:
    """The colour of the tier at a position, cheapest first, of so many.

    >>> tier_colour(0, 2), tier_colour(1, 2), tier_colour(1, 3), tier_colour(2, 3)
    (0, 1, 2, 1)
    """
    if position == 0:
        return CHEAP
    if position == tiers - 1:
        return PREMIUM
    return BETWEEN[(position - 1) % len(BETWEEN)]
