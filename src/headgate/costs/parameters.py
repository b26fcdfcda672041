"""The parameters that can be moved: how each is read from a scenario's numbers and put back.

A parameter is known by its name, such as `escalation` or `retry_rate.premium`. Which ones there are
follows from the scenario: the hit rate of a cache that holds nothing moves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal, localcontext
from typing import Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from headgate.costs.call import call
from headgate.costs.columns import escalated
from headgate.costs.decimals import EXACT
from headgate.costs.formula import Month, total
from headgate.costs.quantities import Inputs, Quantity, TierInputs
from headgate.costs.scenario import Scenario

__all__ = ["Parameter", "Unit", "parameters"]

Unit: TypeAlias = Literal["share", "tokens", "requests", "ratio", "usd"]
"""How a value is written: as a percentage, with points of headroom; as a count; as a factor; as US
dollars."""

PICO = 10**12
NANO = 10**9
FARTHEST = 100
"""A parameter without natural limits is looked at from 1/100 of its value to 100 times it."""

MOST_RETRY = Decimal("0.99")


class Parameter(msgspec.Struct, frozen=True):
    """One number of a scenario that can be moved.

    `get` reads its value from the numbers; `set` returns the numbers with another value of it.
    """

    name: str
    label: str
    """As a noun in a sentence: `escalation`, `retries of premium`."""
    unit: Unit
    now: Quantity
    low: Quantity
    high: Quantity
    """The range that is looked at."""
    set: Callable[[Inputs, Quantity], Inputs]
    log: bool = False
    """The range spans orders of magnitude."""
    compound: bool = False
    """It moves others that are parameters themselves."""


def parameters(scenario: Scenario, inputs: Inputs | None = None) -> dict[str, Parameter]:
    """All parameters of the scenario, by name, those that people ask about most first.

    `inputs` are its numbers in another kind, such as floats; the parameters are then of that kind.
    """
    with localcontext(EXACT):
        x = scenario.inputs if inputs is None else inputs
        kind = Decimal if isinstance(x.requests_per_day, Decimal) else float
        return {
            one.name: replace(one, now=kind(one.now), low=kind(one.low), high=kind(one.high))
            for one in _all(scenario, x)
        }


def _all(scenario: Scenario, x: Inputs) -> Iterator[Parameter]:
    names = [tier.name for tier in scenario.tiers]
    rate = _share("escalation", "escalation", x.rate, escalated)
    yield replace(rate, compound=x.matrix is not None)
    if x.matrix is not None:
        yield from _of_the_matrix(x)
    for n, tier in enumerate(x.tiers):
        yield _share(
            f"retry_rate.{names[n]}",
            f"the retry rate of {names[n]}",
            tier.retry or 0,
            _in_tier(n, "retry"),
            high=MOST_RETRY,
        )
    if x.prefix is not None:
        yield from _of_the_cache(x, names)
    yield from _of_the_tokens(x)
    yield from _of_the_prices(x)
    yield _wide(
        "requests_per_day", "traffic", "requests", x.requests_per_day, _field("requests_per_day")
    )
    overhead = x.overhead / NANO
    bill = total(Month(x).single(len(x.tiers) - 1)) / NANO  # beyond it routing has lost for certain
    yield Parameter(
        "overhead_usd",
        "the fixed cost",
        "usd",
        overhead,
        0,
        max(overhead * 10, bill, 1),
        lambda y, value: replace(y, overhead=value * NANO),
    )
    if any(tier.batch is not None for tier in x.tiers):
        yield _share("batch_share", "the batch share", x.batch or 0, _field("batch"))
    if x.direct is not None:
        yield _share("direct", "the share sent straight to premium", x.direct, _field("direct"))


def _share(
    name: str,
    label: str,
    now: Quantity,
    put: Callable[[Inputs, Quantity], Inputs],
    *,
    high: Quantity = 1,
) -> Parameter:
    return Parameter(name, label, "share", now, 0, max(high, now), put)


def _wide(
    name: str,
    label: str,
    unit: Unit,
    now: Quantity,
    put: Callable[[Inputs, Quantity], Inputs],
    *,
    low: Quantity | None = None,
    times: int = FARTHEST,
) -> Parameter:
    """A parameter from a hundredth to a hundred times its value, or so many `times`."""
    least = now / times if low is None else min(low, now)
    return Parameter(name, label, unit, now, least, max(now * times, least), put, log=True)


def _field(name: str) -> Callable[[Inputs, Quantity], Inputs]:
    def put(x: Inputs, value: Quantity) -> Inputs:
        return replace(x, **{name: value})

    return put


def _in_tier(which: int, name: str) -> Callable[[Inputs, Quantity], Inputs]:
    def put(x: Inputs, value: Quantity) -> Inputs:
        tiers = list(x.tiers)
        tiers[which] = replace(tiers[which], **{name: value})
        return replace(x, tiers=tuple(tiers))

    return put


def _of_the_matrix(x: Inputs) -> Iterator[Parameter]:
    assert x.matrix is not None  # noqa: S101 - the caller has looked
    labels = {
        "hard": "the share of hard requests",
        "caught": "hard requests that are escalated (TPR)",
        "wasted": "easy requests that are escalated (FPR)",
    }
    for name, label in labels.items():

        def put(y: Inputs, value: Quantity, name: str = name) -> Inputs:
            matrix = y.matrix
            return y if matrix is None else replace(y, matrix=matrix._replace(**{name: value}))

        yield _share(name, label, getattr(x.matrix, name), put)


def _of_the_cache(x: Inputs, names: list[str]) -> Iterator[Parameter]:
    def all_hits(y: Inputs, value: Quantity) -> Inputs:
        return replace(y, tiers=tuple([replace(tier, hit=value) for tier in y.tiers]))

    hits = [tier.hit or 0 for tier in x.tiers]
    mean = sum(hits, 0) / len(hits)
    yield replace(_share("cache_hit_rate", "the cache hit rate", mean, all_hits), compound=True)
    for n, name in enumerate(names):
        yield _share(
            f"cache_hit_rate.{name}", f"the cache hit rate of {name}", hits[n], _in_tier(n, "hit")
        )
    yield _share("stable_prefix", "the stable prefix", x.prefix, _field("prefix"))
    yield _share(
        "split_loss", "the loss of hits by splitting", x.split_loss or 0, _field("split_loss")
    )


def _of_the_tokens(x: Inputs) -> Iterator[Parameter]:
    """Tokens of the average request; moved, every kind of request grows by the same factor."""
    weights = [*x.weights, 1]  # premium stands for itself
    shares = [weight * (1 - x.rate) for weight in weights[:-1]] + [x.rate]
    for name, attribute, label in (
        ("input_tokens", "reads", "the input length"),
        ("output_tokens", "writes", "the output length"),
    ):
        kinds = [getattr(tier, attribute) for tier in x.tiers]
        alike = all(kind is kinds[0] for kind in kinds)
        mean = (
            kinds[0]
            if alike
            else sum((share * kind for share, kind in zip(shares, kinds, strict=True)), 0)
        )
        if not mean:
            continue

        def put(
            y: Inputs, value: Quantity, attribute: str = attribute, mean: Quantity = mean
        ) -> Inputs:
            first = getattr(y.tiers[0], attribute)
            scaled = first * value / mean
            tiers = [
                replace(
                    tier,
                    **{
                        attribute: scaled
                        if getattr(tier, attribute) is first
                        else getattr(tier, attribute) * value / mean
                    },
                )
                for tier in y.tiers
            ]
            return replace(y, tiers=tuple(tiers))

        yield _wide(name, label, "tokens", mean, put, low=1)
    factor = x.tiers[-1].text
    now = 1 if factor is None else factor
    yield Parameter(
        "text_factor",
        "the premium model's tokens per text",
        "ratio",
        now,
        min(now, Decimal("0.5")),
        max(now, 3),
        _in_tier(len(x.tiers) - 1, "text"),
    )


def _of_the_prices(x: Inputs) -> Iterator[Parameter]:
    cheap, premium = x.tiers[0], x.tiers[-1]
    base, dear = _plain(cheap, premium), _plain(premium, premium)
    if base and dear:
        last = len(x.tiers) - 1

        def put(y: Inputs, value: Quantity) -> Inputs:
            return _in_tier(last, "price_factor")(y, value * base / dear)

        label = "the premium/cheap price ratio"
        yield _wide("price_ratio", label, "ratio", dear / base, put, times=10)
    asked: tuple[tuple[str, str, str, Decimal], ...] = (
        ("classifier_usd", "the classifier's cost per request", "classify", x.classify),
        ("verifier_usd", "the verifier's cost per draft", "verify", x.verify),
    )
    for name, label, attribute, pico in asked:

        def put_pico(y: Inputs, value: Quantity, attribute: str = attribute) -> Inputs:
            return replace(y, **{attribute: value * PICO})

        most = max(pico * FARTHEST, dear) / PICO
        yield Parameter(name, label, "usd", pico / PICO, 0, most, put_pico)


def _plain(tier: TierInputs, of: TierInputs) -> Quantity:
    """A premium request at list price, for the ratio that people mean when they compare models."""
    return call(tier, of.reads, of.writes).raw
