"""The seam to whoever makes plans: the calculator asks, and computes no bill itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol

import msgspec

from headgate.costs.plan import Plan
from headgate.costs.tripwire import Alternative
from headgate.web.question import Question

__all__ = ["Origin", "Planned", "Planner"]


class Origin(NamedTuple):
    """Where a plan can start from."""

    name: str
    """Empty: the settings, or the built-in example."""
    title: str


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A plan, and what the calculator needs besides."""

    plan: Plan
    values: Mapping[str, str]
    """What every field holds now, as text."""
    a: Alternative
    """The strategy that was asked about."""
    b: Alternative
    """The single model that it is held against."""
    interval: tuple[Decimal, Decimal] | None = None
    """Where escalation lies by measurement."""
    measured: str = ""
    """What was measured, in a sentence; empty where nothing was."""


class Planner(Protocol):
    """Makes plans."""

    @property
    def origins(self) -> Sequence[Origin]:
        """Where a plan can start from; the first is the one without a name."""

    @property
    def sources(self) -> Sequence[str]:
        """Where measured values can be had: of `ledger` and `sample`."""

    def plan(self, question: Question) -> Planned:
        """The plan that was asked for.

        Raises:
            ConfigError: something in the question cannot be planned with.
            StoreError: measured values were asked for, and the ledger does not answer.
        """

    def stated(self, origin: str) -> Mapping[str, str]:
        """What the fields hold by the settings alone, as far as those say it, without a plan."""

    def toml(self, question: Question) -> str:
        """The same as a settings file.

        Raises: as `plan`.
        """

    def models(self, text: str) -> Sequence[str]:
        """Names of models that fit a text, best first."""
