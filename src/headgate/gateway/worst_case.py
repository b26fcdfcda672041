"""The most that a request may cost: the dearest model that may answer, and all that is besides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from headgate.gateway.record import Pricer
from headgate.prices.charge import charge
from headgate.values import ModelRef, Usage

__all__ = ["Bill", "Step", "worst_case"]

CACHE_MARK = b"cache_control"
"""Stands in a request whose input is to be kept in a prompt cache."""


class Step(NamedTuple):
    """A call that a request may lead to: a model, and the most that it may read and write."""

    model: ModelRef
    input: int
    output: int
    body: bytes = b""
    """The request; it may ask for its input to be kept in a cache, which may cost more."""
    service_tier: str | None = None
    """What the request asks to be served in, as in `Usage`; it may be served as standard."""


class Bill(msgspec.Struct, frozen=True, gc=False):
    """The calls that a request may lead to. The first fields are as those of a `Step`."""

    models: tuple[ModelRef, ...]
    """Any of which may answer; the dearest is set aside for."""
    input: int
    output: int
    body: bytes = b""
    service_tier: str | None = None
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
    ceiling, others = pricer.ceiling(bill.models, at_us, bill.service_tier)
    kept = ceiling.keeps and _cached(bill.body)
    amount = ceiling.nano(math.ceil(bill.input * margin), bill.output, kept=kept)
    if not others and not bill.besides:
        return amount, None
    unknown = None
    for model in others:
        step = Step(model, bill.input, bill.output, bill.body, bill.service_tier)
        cost = _cost(step, pricer, at_us, margin)
        if cost is None:
            unknown = unknown or model
        elif cost > amount:
            amount = cost
    for step in bill.besides:
        cost = _cost(step, pricer, at_us, margin)
        if cost is None:
            unknown = unknown or step.model
        else:
            amount += cost
    return amount, unknown


def _cached(body: bytes) -> bool:
    return body.find(CACHE_MARK) >= 0


def _cost(step: Step, pricer: Pricer, at_us: int, margin: float) -> int | None:
    """The most that a step costs, in whichever service tier; None: its price is not known."""
    tokens = math.ceil(step.input * margin)
    cards = pricer.possible(step.model, at_us, step.service_tier)
    plain = [charge(card, Usage(input=tokens, output=step.output)) for card in cards]
    if not plain or plain[0] is None:
        return None
    kept = [
        charge(card, Usage(cache_write_1h=tokens, output=step.output))
        for card in (cards if _cached(step.body) else ())
    ]
    return max(cost for cost in (*plain, *kept) if cost is not None)
