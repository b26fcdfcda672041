"""Where a function changes its sign: a grid to bracket, then a root finder, all in exact decimals.

The root finder is the Illinois variant of regula falsi (Dowell and Jarratt, BIT 11, 1971): it keeps
the bracket, so it also ends where the function jumps, and on a straight line it is done at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from typing import NamedTuple

from headgate.costs.decimals import EXACT

__all__ = ["Root", "grid", "roots"]

TOLERANCE = Decimal("1e-24")
"""Width of a bracket, relative to its place, at which it counts as a point."""

A_JUMP = Decimal("1e-6")
"""Share of the bracket's difference that is left at a point where a function jumps."""

MOST_STEPS = 200
CELLS = 24


class Root(NamedTuple):
    """Where the sign changes."""

    at: Decimal
    jump: bool
    """The function passes zero in a jump and is nowhere zero here."""
    rising: bool
    """It is negative before and positive after."""


def grid(low: Decimal, high: Decimal, *, log: bool, cells: int = CELLS) -> list[Decimal]:
    """Points from `low` to `high`, both included: at equal steps, or at equal ratios if `log`."""
    if low == high:
        return [low]
    if not log:
        step = (high - low) / cells
        return [*(low + step * cell for cell in range(cells)), high]
    ratio = (float(high) / float(low)) ** (1 / cells)
    inner = (round(low * Decimal(ratio**cell), 12) for cell in range(1, cells))
    return [low, *(point for point in inner if low < point < high), high]


def roots(
    f: Callable[[Decimal], Decimal], points: Sequence[Decimal], *, small: Decimal
) -> list[Root] | None:
    """Every change of sign between neighbouring points; None where f is zero at all of them.

    Args:
        f: the function.
        points: ascending. Two roots between the same neighbours are not seen.
        small: an amount so small that it counts as zero.
    """
    with localcontext(EXACT):
        values = [f(point) for point in points]
        signs = [_sign(value, small) for value in values]
        if not any(signs):
            return None
        found = []
        last = None  # the last point where f was not zero
        for here, sign in enumerate(signs):
            if not sign:
                continue
            if last is not None and sign != signs[last]:
                if here > last + 1:  # exactly zero on the grid: the root is the first such point
                    root = Root(points[last + 1], jump=False, rising=sign > 0)
                else:
                    at, jump = _between(
                        f, (points[last], values[last]), (points[here], values[here]), small
                    )
                    root = Root(at, jump, rising=sign > 0)
                found.append(root)
            last = here
        return found


def _sign(value: Decimal, small: Decimal) -> int:
    return 0 if abs(value) <= small else 1 if value > 0 else -1


def _between(
    f: Callable[[Decimal], Decimal],
    left: tuple[Decimal, Decimal],
    right: tuple[Decimal, Decimal],
    small: Decimal,
) -> tuple[Decimal, bool]:
    """The root in a bracket, and whether it is a jump."""
    (a, fa), (b, fb) = left, right
    held = 0
    for step in range(MOST_STEPS):
        # a bisection now and then: where f jumps, the secant creeps
        at = (a + b) / 2 if step % 4 == 3 else b - fb * (b - a) / (fb - fa)
        value = f(at)
        if abs(value) <= small:
            return at, False
        if (value > 0) == (fb > 0):
            b, fb = at, value
            fa = fa / 2 if held == 1 else fa
            held = 1
        else:
            a, fa = at, value
            fb = fb / 2 if held == -1 else fb
            held = -1
        if abs(b - a) <= TOLERANCE * max(abs(a), abs(b), TOLERANCE):
            break
    # so close together a continuous function hardly differs
    return b, abs(f(b) - f(a)) > abs(right[1] - left[1]) * A_JUMP
