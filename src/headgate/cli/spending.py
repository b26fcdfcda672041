"""Before money is spent: the most that may be, and a person's yes to the price."""

from __future__ import annotations

import sys
from decimal import Decimal, InvalidOperation

import click

from headgate.cli.flags import bad_flag
from headgate.errors import ConfigError
from headgate.values import NANO_PER_USD, ModelRef

__all__ = ["agreed", "amount", "model"]


MOST_USD = 1_000_000_000
"""As much as a budget can be."""


def amount(text: str, what: str) -> int:
    """`--max-usd` in nano-USD; `what` is what errors call the work.

    Raises:
        ConfigError: it is no amount above zero, or one beyond all reason.
    """
    try:
        found = Decimal(text.removeprefix("$"))
        if 0 < found <= MOST_USD:
            return int(found * NANO_PER_USD)
    except (InvalidOperation, OverflowError, ValueError):
        pass
    raise bad_flag("--max-usd", f"{text!r} is no amount.", "Write it as 5 or 2.50.", what=what)


def model(flag: str, name: str, what: str) -> ModelRef:
    """A model as `provider/model`.

    Raises:
        ConfigError: it is none.
    """
    try:
        return ModelRef.parse(name)
    except ValueError as error:
        fix = "Name a model with its provider, such as google/gemini-2.5-flash."
        raise bad_flag(flag, f"{error}.", fix, what=what) from error


def agreed(*, as_json: bool) -> bool:
    """Whether a person says yes to the price.

    Raises:
        ConfigError: there is nobody to ask.
    """
    if as_json or not _is_person():
        raise ConfigError(
            "Nothing was sent: nobody is there to say yes to the price above.",
            fix="Add --yes to spend it.",
        )
    return click.confirm("Go on?", err=True)


def _is_person() -> bool:
    return sys.stdin.isatty()
