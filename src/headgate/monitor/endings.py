"""A model in use whose end is announced: from which day, what follows, and all of it in words."""

from __future__ import annotations

from datetime import date

import msgspec

from headgate.monitor.figures import money

__all__ = ["NOTICE_DAYS", "Ending", "ending_words", "is_near"]

NOTICE_DAYS = 30
"""So long before its end a model is an alarm; that an end is announced is told before."""


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What is announced of a model, and what it would do to the plan."""

    model: str
    """`provider/model`, as it is called."""
    day: date
    """The first day without it."""
    successor: str | None
    """`provider/model`; None where none is named."""
    answers: bool = False
    """From that day on the successor answers in its place."""
    source: str | None = None
    """The page that says so; None: the settings say it."""
    used_by: tuple[str, ...] = ()
    """Who names it in the settings: `tier cheap`, `classifier`."""
    calls: int = 0
    """Its calls in the time that was looked at."""
    month_nano: int | None = None
    """The plan's month with it; None where it has no part in the plan, or there is none."""
    then_nano: int | None = None
    """The plan's month with the successor in its place; None where its price is not known."""


def is_near(ending: Ending, today: date) -> bool:
    """Whether it ends within the month, or has ended."""
    return (ending.day - today).days <= NOTICE_DAYS


def ending_words(ending: Ending) -> str:
    """One sentence, which is as true after that day as before it.

    >>> ending_words(Ending(model="a/old", day=date(2027, 3, 1), successor=None))
    'a/old ends on 2027-03-01; what takes its place is not known.'
    """
    begin = f"{ending.model} ends on {ending.day}"
    if ending.successor is None:
        return f"{begin}; what takes its place is not known."
    if ending.answers:
        begin += f"; from then on {ending.successor} answers in its place"
        then = "and a month of the plan"
    else:
        begin += f"; its successor is {ending.successor}"
        then = "with which a month of the plan"
    bill = _bill(ending)
    return f"{begin}, {then} {bill}." if bill else f"{begin}."


def _bill(ending: Ending) -> str:
    now, then = ending.month_nano, ending.then_nano
    if now is None:
        return ""
    if then is None:
        return "costs what is not known: the successor has no price"
    if money(now) == money(then):
        return f"costs {money(now)} as before"
    change = f", {(then - now) / now * 100:+.1f} %" if now else ""
    return f"costs {money(then)} in place of {money(now)}{change}"
