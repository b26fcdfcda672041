"""What the watch needs to know of a plan: a price for each call, and how often it is made."""

from __future__ import annotations

from fractions import Fraction

import msgspec

from headgate.ledger.store import Role
from headgate.values import Usage

__all__ = ["Planned", "PlannedLine"]


class PlannedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the plan's bill, for an average routed request.

    Give the rates where the plan knows the tokens of a call: then the watch can tell longer
    answers from dearer ones.
    """

    name: str
    """As the plan shows it: `classifier`, `easy`, `hard`, `retries`."""
    role: Role
    tier: str | None = None
    """The tier called; None for the classifier, and for retries that are not planned by tier."""
    premium: bool = False
    calls: Fraction
    """Calls on this line for each request: 1 for a classifier, 1/5 for a tier that answers 20 %."""
    nano_per_call: Fraction
    """nano-USD."""
    input_tokens: int = 0
    output_tokens: int = 0
    """Of one call."""
    input_rate: Fraction | None = None
    output_rate: Fraction | None = None
    """nano-USD a token, list price."""

    @property
    def nano_per_request(self) -> Fraction:
        """What an average request costs on this line, nano-USD."""
        return self.calls * self.nano_per_call

    def at_planned_rates(self, calls: int, usage: Usage) -> Fraction:
        """What `calls` calls with these tokens would have cost by the plan, nano-USD.

        The planned price of a call, stretched as its tokens grew; cached tokens count as plain
        ones. Where the plan gives no rates, tokens make no difference.
        """
        if self.input_rate is None or self.output_rate is None:
            return calls * self.nano_per_call
        listed = self.input_tokens * self.input_rate + self.output_tokens * self.output_rate
        if not listed:
            return calls * self.nano_per_call
        actual = usage.total_input * self.input_rate + usage.output * self.output_rate
        return self.nano_per_call * actual / listed


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A plan, as far as a bill can be held against it."""

    requests_per_month: int
    escalation_rate: Fraction
    """Planned share of answers that the premium tier gives, 0 to 1."""
    budget: Fraction | None = None
    """Escalation rate above which the plan is breached, 0 to 1."""
    all_premium_nano: Fraction
    """One average request on the premium tier without a router, nano-USD."""
    lines: tuple[PlannedLine, ...]
    """In the order to show them."""
    worst_nano: Fraction | None = None
    """An average routed request in the plan's worst case, nano-USD."""
    basis: str = ""
    """Which of the plan's columns this is, and whose prices: shown under the table."""

    @property
    def nano_per_request(self) -> Fraction:
        """What an average routed request costs, nano-USD."""
        return sum((line.nano_per_request for line in self.lines), Fraction(0))

    @property
    def saving(self) -> Fraction | None:
        """Planned saving against all-premium, a share; None where all-premium costs nothing."""
        if not self.all_premium_nano:
            return None
        return 1 - self.nano_per_request / self.all_premium_nano

    def answer(self, tier: str) -> PlannedLine | None:
        """The line of the answers of one tier; None for a tier that was not planned."""
        for line in self.lines:
            if line.role == "answer" and line.tier == tier:
                return line
        return None
