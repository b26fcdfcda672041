"""Numbers on a command line: within their bounds, and what can be reckoned with."""

from __future__ import annotations

import math

import click

__all__ = ["SEED", "Real"]

SEED = click.IntRange(0, 2**63 - 1)
"""Of whatever is drawn; numpy takes none below zero, and a router's file none that is longer."""


class Real(click.FloatRange):
    """A number in a range, and never `nan` or `inf`: every bound lets the first through."""

    def convert(
        self, value: float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number; fails for what is none."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is no number to reckon with.", param, ctx)
        return float(number)
