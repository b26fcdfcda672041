"""A scenario: traffic, tiers and prices that are asked about; the one place that validates it.

Numbers may be given as int, Decimal, float or text; they are kept as exact decimals, a float as the
number that it prints. Whatever is wrong is reported in one `ConfigError`, each fault with its field
and the allowed range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext

from headgate.costs.call import prices_of, raw_call, steps_of
from headgate.costs.checks import faults_of
from headgate.costs.decimals import EXACT, ONE, ZERO, CacheLife, Number, exact
from headgate.costs.quantities import Inputs, Matrix, TierInputs
from headgate.errors import ConfigError
from headgate.prices.card import Card

__all__ = [
    "CacheLife",
    "Classifier",
    "Misrouting",
    "Number",
    "Scenario",
    "Stress",
    "Tier",
    "single_inputs",
]

NANO = 10**9


@dataclass(init=False, frozen=True, slots=True)
class Tier:
    """A model that answers, with what its calls look like; `Scenario` validates it.

    Args:
        name: the tier's name, such as `cheap`.
        card: its prices.
        share: share of all requests that it answers, 0..1; may be left out where the scenario
            gives the escalation rate.
        input_tokens: tokens that a request of its kind reads, on average.
        output_tokens: tokens that the answer has, on average.
        retry_rate: probability that one attempt fails and is tried again, 0..1.
        attempts: most attempts, the first included; None is without limit.
        cache_hit_rate: share of the stable prefix that is read from the provider's prompt cache
            while the model answers everything, 0..1; matters only where the scenario has a stable
            prefix.
        text_factor: tokens that the model makes of a text, as a multiple of the tokens stated:
            1.3 for a model whose tokenizer makes 30 % more of it.
        batch_card: its prices for batch calls; None where it has none.
    """

    name: str
    card: Card
    share: Decimal | None
    input_tokens: Decimal
    output_tokens: Decimal
    retry_rate: Decimal
    attempts: int | None
    cache_hit_rate: Decimal
    text_factor: Decimal
    batch_card: Card | None

    def __init__(
        self,
        name: str,
        card: Card,
        *,
        share: Number | None = None,
        input_tokens: Number = 1000,
        output_tokens: Number = 400,
        retry_rate: Number = 0,
        attempts: int | None = 3,
        cache_hit_rate: Number = 0,
        text_factor: Number = 1,
        batch_card: Card | None = None,
    ) -> None:
        _fill(
            self,
            name=name,
            card=card,
            share=None if share is None else exact(share),
            input_tokens=exact(input_tokens),
            output_tokens=exact(output_tokens),
            retry_rate=exact(retry_rate),
            attempts=attempts,
            cache_hit_rate=exact(cache_hit_rate),
            text_factor=exact(text_factor),
            batch_card=batch_card,
        )


@dataclass(init=False, frozen=True, slots=True)
class Classifier:
    """A small model that is asked which tier should answer, or whether a draft will do.

    It is asked once: the gateway does not retry a classifier, it takes the safe tier.
    """

    card: Card
    input_tokens: Decimal
    output_tokens: Decimal

    def __init__(
        self, card: Card, *, input_tokens: Number = 300, output_tokens: Number = 20
    ) -> None:
        _fill(self, card=card, input_tokens=exact(input_tokens), output_tokens=exact(output_tokens))

    @property
    def pico(self) -> Decimal:
        """Pico-dollars of asking once."""
        amount: Decimal = raw_call(self.card, self.input_tokens, self.output_tokens)
        return amount


@dataclass(init=False, frozen=True, slots=True)
class Misrouting:
    """How often the router is wrong; from it the escalation rate follows.

    Args:
        hard: π, the share of requests that are truly hard: the cheap answer would not do.
        caught: true-positive rate: share of the hard ones that are escalated.
        wasted: false-positive rate: share of the easy ones that are escalated.
    """

    hard: Decimal
    caught: Decimal
    wasted: Decimal

    def __init__(self, *, hard: Number, caught: Number = 1, wasted: Number = 0) -> None:
        _fill(self, hard=exact(hard), caught=exact(caught), wasted=exact(wasted))


@dataclass(init=False, frozen=True, slots=True)
class Stress:
    """What the worst case assumes. It never assumes less than the plan does.

    Args:
        escalation: the escalation rate; None is twice the planned one, 1 at most.
        retry_rate: of every tier.
        output_factor: tokens of an answer, as a multiple of the average: its 95th percentile.
        cold_cache: nothing is ever read from the prompt cache.
    """

    escalation: Decimal | None
    retry_rate: Decimal
    output_factor: Decimal
    cold_cache: bool

    def __init__(
        self,
        *,
        escalation: Number | None = None,
        retry_rate: Number = "0.2",
        output_factor: Number = 2,
        cold_cache: bool = True,
    ) -> None:
        _fill(
            self,
            escalation=None if escalation is None else exact(escalation),
            retry_rate=exact(retry_rate),
            output_factor=exact(output_factor),
            cold_cache=cold_cache,
        )


@dataclass(init=False, frozen=True, slots=True)
class Scenario:
    """What is asked of the cost model.

    Args:
        tiers: cheapest first, premium last; two or more.
        escalation: share of requests that the premium tier answers, 0..1; the other tiers keep
            their shares' proportions, or share alike where none is stated. Left out, every tier
            must state its share.
        misrouting: how often the router is wrong; stands in place of `escalation`.
        classifier: None where deciding costs nothing.
        verifier: who judges the drafts of a cascade; None where judging costs nothing.
        direct: share of requests that a router in front of a cascade sends straight to premium.
        requests_per_day: on average.
        days: in a month.
        stable_prefix: share of the input that stays the same from call to call, 0..1: what a
            provider's prompt cache can hold.
        cache_life: which cache write is paid: for 5 minutes or 1 hour.
        split_loss: how much of its hits a tier loses to the others, 0..1: with 1 a tier that
            answers the share s of all requests keeps the share s of its hits, as when each turn of
            a conversation is routed by itself; with 0 it keeps all, as with sticky sessions.
        batch_share: share of requests that can wait and pay batch prices.
        overhead_usd: fixed cost of routing a month: hosting, logs.
        stress: what the worst case assumes.

    Attributes:
        shares: of all requests, one a tier; they add to exactly 1.
        weights: of the tiers below premium among themselves; they add to exactly 1.
        inputs: the bare numbers, as the formulas read them.

    Raises:
        ConfigError: with every fault found.
    """

    tiers: tuple[Tier, ...]
    escalation: Decimal | None
    misrouting: Misrouting | None
    classifier: Classifier | None
    verifier: Classifier | None
    direct: Decimal
    requests_per_day: Decimal
    days: Decimal
    stable_prefix: Decimal
    cache_life: CacheLife
    split_loss: Decimal
    batch_share: Decimal
    overhead_usd: Decimal
    stress: Stress
    shares: tuple[Decimal, ...] = field(init=False)
    weights: tuple[Decimal, ...] = field(init=False)
    inputs: Inputs = field(init=False, repr=False, compare=False)

    def __init__(
        self,
        tiers: Sequence[Tier],
        *,
        escalation: Number | None = None,
        misrouting: Misrouting | None = None,
        classifier: Classifier | None = None,
        verifier: Classifier | None = None,
        direct: Number = 0,
        requests_per_day: Number = 1000,
        days: Number = 30,
        stable_prefix: Number = 0,
        cache_life: CacheLife = "5m",
        split_loss: Number = 0,
        batch_share: Number = 0,
        overhead_usd: Number = 0,
        stress: Stress | None = None,
    ) -> None:
        _fill(
            self,
            tiers=tuple(tiers),
            escalation=None if escalation is None else exact(escalation),
            misrouting=misrouting,
            classifier=classifier,
            verifier=verifier,
            direct=exact(direct),
            requests_per_day=exact(requests_per_day),
            days=exact(days),
            stable_prefix=exact(stable_prefix),
            cache_life=cache_life,
            split_loss=exact(split_loss),
            batch_share=exact(batch_share),
            overhead_usd=exact(overhead_usd),
            stress=Stress() if stress is None else stress,
        )
        faults = faults_of(self)
        if faults:
            raise ConfigError("The scenario cannot be evaluated:", faults=faults)
        with localcontext(EXACT):
            shares, weights = _mix(self)
            _fill(self, shares=shares, weights=weights)
            _fill(self, inputs=_inputs(self))

    @property
    def requests(self) -> Decimal:
        """Requests in a month."""
        return EXACT.multiply(self.requests_per_day, self.days)

    @property
    def escalation_rate(self) -> Decimal:
        """Share of requests that the premium tier answers."""
        return self.shares[-1]

    @property
    def stressed_escalation(self) -> Decimal:
        """The escalation rate of the worst case: never less than the planned one."""
        planned, asked = self.escalation_rate, self.stress.escalation
        return max(planned, min(ONE, 2 * planned) if asked is None else asked)

    def at_traffic(self, factor: Number) -> Scenario:
        """The same scenario at `factor` times the traffic."""
        return replace(self, requests_per_day=EXACT.multiply(self.requests_per_day, exact(factor)))

    def notes(self) -> list[str]:
        """What is allowed and still worth a second look, one sentence each."""
        notes = []
        calls = [(tier.card, tier.input_tokens * tier.text_factor) for tier in self.tiers]
        asked = (self.classifier, self.verifier)
        calls += [(one.card, one.input_tokens) for one in asked if one is not None]
        for card, tokens in calls:
            if card.context_window is not None and tokens > card.context_window:
                notes.append(
                    f"{tokens:,f} input tokens are more than {card.name} can read "
                    f"({card.context_window:,})."
                )
            if card.deprecated:
                notes.append(f"{card.name} is deprecated by its provider.")
        if self.batch_share:
            notes += [
                f"No batch price is known for {tier.card.name}: its batch calls are taken at the "
                "normal price."
                for tier in self.tiers
                if tier.batch_card is None
            ]
        return list(dict.fromkeys(notes))


def _fill(target: object, **values: object) -> None:
    for name, value in values.items():
        object.__setattr__(target, name, value)


def _mix(scenario: Scenario) -> tuple[tuple[Decimal, ...], tuple[Decimal, ...]]:
    """Shares of all tiers, and the weights of those below premium among themselves."""
    stated = [tier.share or ZERO for tier in scenario.tiers[:-1]]
    total = sum(stated, ZERO)
    if total:
        weights = [share / total for share in stated[:-1]]
    else:
        weights = [ONE / len(stated)] * (len(stated) - 1)
    weights.append(ONE - sum(weights, ZERO))
    premium = ONE - total if scenario.escalation is None else scenario.escalation
    if scenario.misrouting is not None:
        wrong = scenario.misrouting
        premium = Matrix(wrong.hard, wrong.caught, wrong.wasted).escalation
    below = [weight * (ONE - premium) for weight in weights[:-1]]
    below.append(ONE - premium - sum(below, ZERO))
    return (*below, premium), tuple(weights)


def _inputs(scenario: Scenario) -> Inputs:
    """The numbers; what plays no part is None, and equal tokens are one object."""
    wrong = scenario.misrouting
    return Inputs(
        requests_per_day=scenario.requests_per_day,
        days=scenario.days,
        escalation=scenario.escalation_rate,
        weights=scenario.weights,
        tiers=tuple(_tier_inputs(scenario, tier) for tier in scenario.tiers),
        classify=ZERO if scenario.classifier is None else scenario.classifier.pico,
        verify=ZERO if scenario.verifier is None else scenario.verifier.pico,
        overhead=scenario.overhead_usd * NANO,
        matrix=None if wrong is None else Matrix(wrong.hard, wrong.caught, wrong.wasted),
        direct=scenario.direct or None,
        prefix=scenario.stable_prefix or None,
        split_loss=scenario.split_loss or None,
        batch=scenario.batch_share or None,
    )


def _tier_inputs(scenario: Scenario, tier: Tier) -> TierInputs:
    first, long = scenario.tiers[0], scenario.cache_life == "1h"
    reads, writes = tier.input_tokens, tier.output_tokens
    if (reads, writes) == (first.input_tokens, first.output_tokens):
        reads, writes = first.input_tokens, first.output_tokens
    late = tier.batch_card
    return TierInputs(
        prices=prices_of(tier.card.rates, long=long),
        reads=reads,
        writes=writes,
        steps=steps_of(tier.card, long=long),
        batch=None
        if late is None
        else (prices_of(late.rates, long=long), steps_of(late, long=long)),
        retry=tier.retry_rate or None,
        attempts=tier.attempts,
        hit=tier.cache_hit_rate or None,
        text=None if tier.text_factor == 1 else tier.text_factor,
    )


def single_inputs(scenario: Scenario, tier: Tier) -> TierInputs:
    """A model outside the scenario's tiers, as the formulas read it."""
    with localcontext(EXACT):
        return _tier_inputs(scenario, tier)
