"""Values and findings in words: the sentences that the terminal, reports and the API share."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal, localcontext

from headgate.costs.gap import Bound, Gap
from headgate.costs.parameters import Unit
from headgate.costs.tripwire import BreakEven, Tripwire
from headgate.values import NANO_PER_USD, dollars

__all__ = [
    "bound_sentence",
    "gap_sentence",
    "headline",
    "money",
    "number",
    "percent",
    "room",
    "written",
]

NO_CENTS_FROM = 10_000 * NANO_PER_USD
DIGITS = 3
"""Digits that a small amount of money is shown with."""


def percent(share: Decimal, places: int = 1, *, exactly: bool = False) -> str:
    """A share as people write it; all `places` where figures stand below each other (`exactly`).

    >>> percent(Decimal("0.2")), percent(Decimal("0.5178")), percent(Decimal("-0.0156"))
    ('20 %', '51.8 %', '-1.6 %')
    >>> percent(Decimal("0.54"), exactly=True)
    '54.0 %'
    """
    return f"{number(share * 100, places, exactly=exactly)} %"


def number(value: Decimal, places: int, *, exactly: bool = False) -> str:
    """At most so many decimals, no minus zero.

    >>> number(Decimal("1234.50"), 2), number(Decimal("-0.001"), 2)
    ('1,234.5', '0')
    """
    rounded = round(value, places)
    text = f"{abs(rounded):,f}"
    if "." in text and not exactly:
        text = text.rstrip("0").rstrip(".")
    return f"-{text}" if rounded < 0 else text


def written(value: Decimal, unit: Unit) -> str:
    """A parameter's value.

    >>> written(Decimal("0.97666"), "share"), written(Decimal("1.05833"), "ratio")
    ('97.7 %', '1.06 ×')
    >>> written(Decimal("0.0048"), "usd"), written(Decimal("198.4"), "requests")
    ('$0.0048', '198')
    """
    if unit == "share":
        return percent(value)
    if unit == "ratio":
        return f"{number(value, 2)} ×"
    if unit == "usd":
        return _money(value)
    return number(value, 0 if value >= 100 else 1)


def room(value: Decimal, unit: Unit) -> str:
    """How far away something is, in the parameter's own units.

    >>> room(Decimal("0.77666"), "share"), room(Decimal("-801.6"), "requests")
    ('77.7 points', '802 requests')
    """
    value = abs(value)
    if unit == "share":
        return f"{number(value * 100, 1)} points"
    text = written(value, unit)
    return text if unit in ("usd", "ratio") else f"{text} {unit}"


def money(nano: int) -> str:
    """A sum for a sentence: cents only while they say something.

    >>> money(270_000_000_000), money(148_334_400_000_000_000)
    ('$270.00', '$148,334,400')
    """
    return dollars(nano, 0 if abs(nano) >= NO_CENTS_FROM else 2)


def _money(value: Decimal) -> str:
    """Cents for amounts of a dollar and more; else the first digits that count."""
    if abs(value) >= 1 or not value:
        return money(round(value * 10**9))
    with localcontext() as context:
        context.prec = DIGITS
        context.rounding = ROUND_HALF_EVEN
        shown = +value
    return f"{'-' if shown < 0 else ''}${abs(shown).normalize():f}"


def headline(wire: Tripwire) -> str:
    """Who is cheaper now, where that flips, and how far away that is."""
    cheaper = wire.cheaper
    now, where = written(wire.now, wire.unit), f"{wire.label} (now {written(wire.now, wire.unit)})"
    if wire.verdict == "equal":
        same = f"{_first(wire.a)} and {wire.b} cost the same"
        return f"{same} whatever {wire.label} is: nothing can flip."
    looked = f"from {written(wire.low, wire.unit)} to {written(wire.high, wire.unit)}"
    if cheaper is None:
        return f"{_first(wire.a)} and {wire.b} cost the same while {wire.label} is {now}."
    lead = f"{_first(cheaper)} is cheaper than {wire.dearer}"
    if not wire.break_evens:
        return f"{lead} whatever {where} is: no break-even {looked}."
    ends = [_flip(point, wire) for point in _ends(wire)]
    text = f"{lead} {' and '.join(ends)} (now {now}: {_headroom(wire)})."
    if wire.fragile and wire.interval is not None:
        low, high = (written(end, wire.unit) for end in wire.interval)
        text += f" Fragile: the estimate of {low} to {high} holds the break-even."
    return text


def _ends(wire: Tripwire) -> list[BreakEven]:
    """The nearest break-even on either side: between them nothing flips."""
    below = [point for point in wire.break_evens if point.headroom < 0]
    above = [point for point in wire.break_evens if point.headroom >= 0]
    return [*below[-1:], *above[:1]]


def _flip(point: BreakEven, wire: Tripwire) -> str:
    if point.headroom >= 0:
        at = _shown_before(point.at, wire)
        return f"until {wire.label} reaches {at}"
    return f"while {wire.label} stays above {written(point.at, wire.unit)}"


def _shown_before(at: Decimal, wire: Tripwire) -> str:
    """A break-even that rounds to the end of the range is shown as what it is: before it."""
    shown = written(at, wire.unit)
    if wire.unit == "share" and shown == "100 %" and at < 1:
        return f"{(at * 100).quantize(Decimal('0.001'), rounding=ROUND_DOWN)} %"
    return shown


def _headroom(wire: Tripwire) -> str:
    nearest = wire.nearest
    assert nearest is not None  # noqa: S101 - the caller has looked
    return f"{room(nearest.headroom, wire.unit)} of headroom"


_DRIVER = {
    "escalation": "more escalation is",
    "premium retries": "retries of escalated calls are",
    "cheap retries": "retries below premium are",
    "cold cache": "a cold cache is",
    "longer answers": "longer answers are",
}


def gap_sentence(gap: Gap) -> str:
    """How much dearer the worst case is, and what most of it comes from."""
    if gap.largest is None:
        return "The worst case costs no more than the realistic one."
    driver, _ = gap.largest
    share = gap.share(driver) or Decimal(0)
    return (
        f"The worst case costs {money(gap.nano)} more than the realistic one: "
        f"{_DRIVER[driver]} {percent(share, 0)} of the gap."
    )


def bound_sentence(bound: Bound) -> str:
    """What no request can exceed, and the path that costs so much."""
    steps = [
        step.name if step.calls == 1 else f"{step.name} {step.calls} times" for step in bound.steps
    ]
    return (
        f"No request of {number(bound.input_tokens, 0)} tokens in and at most "
        f"{number(bound.output_tokens, 0)} out can cost more than "
        f"{_money(Decimal(bound.nano) / 10**9)}: {', then '.join(steps)}."
    )


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]
