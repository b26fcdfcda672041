"""What must hold of a scenario: each fault with its field and the allowed range."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, get_args

from headgate.costs.decimals import ONE, ZERO, CacheLife
from headgate.errors import ConfigFault

if TYPE_CHECKING:  # a scenario asks for its own check; it is not needed here to run
    from headgate.costs.scenario import Classifier, Scenario, Tier

__all__ = ["faults_of"]

MOST_TOKENS = 100_000_000
MOST_REQUESTS = 100_000_000_000
MOST_ATTEMPTS = 100
MOST_OVERHEAD = 10**12
MOST_FACTOR = 100
SHARES_MAY_MISS = Decimal("0.000001")
"""How far from 1 the shares of all tiers may add up, as thirds written out must."""


class _Faults(list[ConfigFault]):
    """The faults found so far."""

    def within(
        self, field: str, value: object, low: int, high: int, what: str, *, above: bool = False
    ) -> bool:
        """Whether a number lies in low..high (above low, if `above`); says so where it does not."""
        allowed = f"Give {what} {f'above {low}' if above else f'of {low}'} to {high:,}."
        if not isinstance(value, Decimal) or value.is_nan():
            problem = f"{str(value)!r} is not a number."
        elif value < low or (above and value == low):
            problem = f"{_named(value, what)} is too low."
        elif value > high:
            problem = f"{_named(value, what)} is too high."
        else:
            return True
        self.append(ConfigFault(problem, fix=allowed, field=field))
        return False


def _named(value: Decimal, what: str) -> str:
    """A number as it was read; a share in per cent too, as it may have been written."""
    if (
        what not in ("a share", "a probability", "a rate")
        or not -MOST_FACTOR <= value <= MOST_FACTOR
    ):
        return str(value)
    return f"{value} ({float(value * 100):.6g} %)"


def faults_of(scenario: Scenario) -> list[ConfigFault]:
    """All that is wrong with a scenario; empty where nothing is."""
    faults = _Faults()
    faults.within(
        "requests_per_day", scenario.requests_per_day, 0, MOST_REQUESTS, "a number", above=True
    )
    faults.within("days", scenario.days, 0, 366, "a number of days", above=True)
    faults.within("stable_prefix", scenario.stable_prefix, 0, 1, "a share")
    faults.within("split_loss", scenario.split_loss, 0, 1, "a share")
    faults.within("batch_share", scenario.batch_share, 0, 1, "a share")
    faults.within("direct", scenario.direct, 0, 1, "a share")
    faults.within("overhead_usd", scenario.overhead_usd, 0, MOST_OVERHEAD, "US dollars a month")
    if scenario.cache_life not in get_args(CacheLife):
        faults.append(
            ConfigFault(
                f"{scenario.cache_life!r} is no cache life.",
                fix='Give "5m" or "1h".',
                field="cache_life",
            )
        )
    if scenario.classifier is not None:
        _check_call(faults, "classifier", scenario.classifier)
    if scenario.verifier is not None:
        _check_call(faults, "verifier", scenario.verifier)
    _check_stress(faults, scenario)
    for tier in scenario.tiers:
        _check_call(faults, f"tiers.{tier.name}", tier)
        _check_retries(faults, tier)
        faults.within(f"tiers.{tier.name}.cache_hit_rate", tier.cache_hit_rate, 0, 1, "a share")
        faults.within(
            f"tiers.{tier.name}.text_factor",
            tier.text_factor,
            0,
            MOST_FACTOR,
            "a factor",
            above=True,
        )
    _check_shares(faults, scenario)
    return faults


def _check_stress(faults: _Faults, scenario: Scenario) -> None:
    stress = scenario.stress
    if stress.escalation is not None:
        faults.within("stress.escalation", stress.escalation, 0, 1, "a share")
    faults.within("stress.output_factor", stress.output_factor, 1, MOST_FACTOR, "a factor")
    if faults.within("stress.retry_rate", stress.retry_rate, 0, 1, "a probability"):
        endless = [tier.name for tier in scenario.tiers if tier.attempts is None]
        if stress.retry_rate == 1 and endless:
            faults.append(_no_end("stress.retry_rate"))


def _no_end(field: str) -> ConfigFault:
    return ConfigFault(
        "Every attempt fails and there is no limit to them: the bill has no end.",
        fix="Give a rate below 1, or limit the attempts.",
        field=field,
    )


def _check_call(faults: _Faults, where: str, call: Tier | Classifier) -> None:
    reads = faults.within(f"{where}.input_tokens", call.input_tokens, 0, MOST_TOKENS, "a number")
    writes = faults.within(f"{where}.output_tokens", call.output_tokens, 0, MOST_TOKENS, "a number")
    if reads and writes and not call.input_tokens and not call.output_tokens:
        faults.append(
            ConfigFault(
                "A call of no tokens at all is no call.",
                fix="Give input or output tokens above 0.",
                field=f"{where}.input_tokens",
            )
        )
    rates = call.card.rates
    missing = "input" if rates.input is None else "output" if rates.output is None else None
    if missing is not None:
        faults.append(
            ConfigFault(
                f"{call.card.id} has no price for {missing} tokens.",
                fix="Choose a model that has one, or state its price.",
                field=where,
            )
        )


def _check_retries(faults: _Faults, tier: Tier) -> None:
    where = f"tiers.{tier.name}"
    faults_before = len(faults)
    faults.within(f"{where}.retry_rate", tier.retry_rate, 0, 1, "a probability")
    if tier.attempts is None:
        if len(faults) == faults_before and tier.retry_rate == 1:
            faults.append(_no_end(f"{where}.retry_rate"))
    elif isinstance(tier.attempts, bool) or not 1 <= tier.attempts <= MOST_ATTEMPTS:
        faults.append(
            ConfigFault(
                f"{tier.attempts!r} attempts are not possible.",
                fix=f"Give a whole number of 1 to {MOST_ATTEMPTS}, the first attempt included.",
                field=f"{where}.attempts",
            )
        )


def _check_shares(faults: _Faults, scenario: Scenario) -> None:
    names = [tier.name for tier in scenario.tiers]
    if len(names) < 2 or len(set(names)) < len(names):
        faults.append(
            ConfigFault(
                f"The tiers are {', '.join(names) or 'none'}.",
                fix="Give two or more, each with a name of its own.",
                field="tiers",
            )
        )
        return
    shares = [tier.share for tier in scenario.tiers if tier.share is not None]
    for tier in scenario.tiers:
        if tier.share is not None and not faults.within(
            f"tiers.{tier.name}.share", tier.share, 0, 1, "a share"
        ):
            return
    if scenario.misrouting is not None:
        _check_misrouting(faults, scenario)
    elif scenario.escalation is not None:
        faults.within("escalation", scenario.escalation, 0, 1, "a share")
    elif len(shares) < len(names):
        faults.append(
            ConfigFault(
                "It is not said how many requests each tier answers.",
                fix="Give the escalation rate, or a share for every tier.",
                field="escalation",
            )
        )
    elif abs(sum(shares, ZERO) - ONE) > SHARES_MAY_MISS:
        faults.append(
            ConfigFault(
                f"The shares of all tiers add to {sum(shares, ZERO)}, not to 1.",
                fix="Change them so that they add to 1.",
                field="tiers",
            )
        )


def _check_misrouting(faults: _Faults, scenario: Scenario) -> None:
    wrong = scenario.misrouting
    if wrong is None:
        return
    if scenario.escalation is not None:
        faults.append(
            ConfigFault(
                "The escalation rate follows from the misrouting and is given as well.",
                fix="Give one of the two.",
                field="escalation",
            )
        )
    faults.within("misrouting.hard", wrong.hard, 0, 1, "a share")
    faults.within("misrouting.caught", wrong.caught, 0, 1, "a rate")
    faults.within("misrouting.wasted", wrong.wasted, 0, 1, "a rate")
