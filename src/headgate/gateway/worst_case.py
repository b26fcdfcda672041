"""The most that a request may cost: the dearest model that may answer, and all that is besides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from headgate.gateway.record import Pricer
from headgate.prices.card import Card
from headgate.prices.charge import charge
from headgate.values import ModelRef, Usage

__all__ = ["Bill", "Step", "worst_case"]


class Step(NamedTuple):
    """A call that a request may lead to: a model, and the most that it may read and write."""

    model: ModelRef
    input: int
    output: int
    cached: bool = False
    """The request asks for its input to be kept in a cache, which costs more than reading it."""


class Bill(msgspec.Struct, frozen=True):
    """The calls that a request may lead to. The first fields are as those of a `Step`."""

    models: tuple[ModelRef, ...]
    """Any of which may answer; the dearest is set aside for."""
    input: int
    output: int
    cached: bool = False
    besides: Sequence[Step] = ()
    """Which may all be made besides."""


def worst_case(
    bill: Bill, pricer: Pricer, at_us: int, margin: float
) -> tuple[int, ModelRef | None]:
    """The dearest answer and all that may come besides, in nano-USD.

    Also the first model whose price is not known; it counts nothing.

    Args:
        bill: the calls.
        pricer: knows the prices.
        at_us: when, microseconds since 1970.
        margin: what input, which is estimated, is taken times.
    """
    ceiling, others = pricer.ceiling(bill.models, at_us)
    amount = ceiling.nano(math.ceil(bill.input * margin), bill.output, kept=bill.cached)
    unknown = None
    for model in others:
        step = Step(model, bill.input, bill.output, bill.cached)
        cost = _cost(step, pricer.card(model, at_us), margin)
        if cost is None:
            unknown = unknown or model
        elif cost > amount:
            amount = cost
    for step in bill.besides:
        cost = _cost(step, pricer.card(step.model, at_us), margin)
        if cost is None:
            unknown = unknown or step.model
        else:
            amount += cost
    return amount, unknown


def _cost(step: Step, card: Card | None, margin: float) -> int | None:
    if card is None:
        return None
    tokens = math.ceil(step.input * margin)
    cost = charge(card, Usage(input=tokens, output=step.output))
    if cost is None or not step.cached:
        return cost
    kept = charge(card, Usage(cache_write_1h=tokens, output=step.output))
    return cost if kept is None else max(cost, kept)
