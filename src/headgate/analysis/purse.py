"""A purse: what may be spent, what is spent, and what is laid aside for calls under way."""

from __future__ import annotations

__all__ = ["Allowance", "Purse", "SpentError"]


class SpentError(Exception):
    """What is left does not pay for the next call, even at worst."""


class Purse:
    """Money in nano-USD; spent and held together never pass the cap."""

    def __init__(self, cap: int, spent: int = 0) -> None:
        self.cap = cap
        self.spent = spent
        self.held = 0

    @property
    def left(self) -> int:
        """What may still be laid aside."""
        return self.cap - self.spent - self.held

    def allow(self, amount: int) -> Allowance | None:
        """Lay so much aside; None where it is not there."""
        if amount > self.left:
            return None
        self.held += amount
        return Allowance(self, amount)


class Allowance:
    """What was laid aside for one request; each of its calls is drawn from it."""

    def __init__(self, purse: Purse, amount: int) -> None:
        self._purse = purse
        self._left = amount

    def draw(self, worst: int) -> None:
        """Set aside the most that a call can cost, from the purse where the allowance is too small.

        Raises:
            SpentError: neither has it.
        """
        lacking = worst - self._left
        if lacking > 0:
            if lacking > self._purse.left:
                raise SpentError
            self._purse.held += lacking
            self._left += lacking
        self._left -= worst

    def settle(self, worst: int, cost: int) -> None:
        """A call that `worst` was drawn for is over, and cost so much."""
        self._purse.held -= worst
        self._purse.spent += cost

    def close(self) -> None:
        """Give back what was not drawn."""
        self._purse.held -= self._left
        self._left = 0
