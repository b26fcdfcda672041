"""What a value may be: every kind says what it takes, reads flag text, and checks a TOML value."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import NamedTuple, Protocol

from headgate.settings import forms
from headgate.settings.durations import lasting, seconds
from headgate.settings.forms import Refusal
from headgate.settings.redaction import shown

__all__ = [
    "ADDRESS",
    "ADMIN_ADDRESS",
    "DATE",
    "HEADER_MATCH",
    "LEDGER_URL",
    "MODEL",
    "PATTERN",
    "PROXY",
    "URL",
    "VARIABLE",
    "Choice",
    "Duration",
    "Flag",
    "Headers",
    "Kind",
    "Number",
    "Price",
    "Refusal",
    "Text",
    "Whole",
    "Words",
    "name_of",
]


class Kind(Protocol):
    """One kind of value."""

    @property
    def words(self) -> str:
        """What the kind takes, for people: "whole number, 1 to 31"."""

    def read(self, text: str) -> object:
        """The value that a flag's or a variable's text stands for; unreadable text stays text."""

    def check(self, raw: object) -> object:
        """The value as Headgate uses it, or a Refusal; `raw` is any value TOML can hold."""


def _float_or_text(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _parted(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")] if text.strip() else []


def _is_a(raw: object) -> str:
    names: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "true or false"),
        (int, "a whole number"),
        (float, "a decimal number"),
        (str, "text"),
        (list, "a list"),
        (dict, "a table"),
    )
    return next((name for types, name in names if isinstance(raw, types)), "a date or time")


def _wanted(what: str, raw: object, fix: str) -> Refusal:
    return Refusal(f"{shown(raw)} is {_is_a(raw)}; {what} is needed.", fix)


class Whole(NamedTuple):
    """A whole number from `low` to `high`."""

    low: int
    high: int

    @property
    def words(self) -> str:
        """What it takes."""
        return f"whole number, {self.low:,} to {self.high:,}"

    def read(self, text: str) -> object:
        """Decimal digits, `_` between them allowed as in TOML."""
        return int(text) if re.fullmatch(r"[+-]?\d{1,30}(_\d{1,30}){0,9}", text, re.ASCII) else text

    def check(self, raw: object) -> object:
        """An int within the range."""
        if isinstance(raw, bool) or not isinstance(raw, int):
            fix = "Write it without quotes and without a decimal point."
            return _wanted("a whole number", raw, fix)
        if not self.low <= raw <= self.high:
            return Refusal(
                f"{shown(raw)} is out of range.",
                f"Use a whole number from {self.low:,} to {self.high:,}.",
            )
        return raw


class Number(NamedTuple):
    """A finite number from `low` to `high`."""

    low: float
    high: float

    @property
    def words(self) -> str:
        """What it takes."""
        return f"number, {self.low:g} to {self.high:g}"

    def read(self, text: str) -> object:
        """Anything Python reads as a float, `nan` and `inf` left to `check`."""
        return _float_or_text(text)

    def check(self, raw: object) -> object:
        """A float within the range."""
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            return _wanted("a number", raw, "Write it without quotes, such as 0.25.")
        if not self.low <= raw <= self.high:  # false for nan too
            return Refusal(
                f"{shown(raw)} is out of range.",
                f"Use a number from {self.low:g} to {self.high:g}.{self._percent(raw)}",
            )
        return float(raw)

    def _percent(self, raw: float) -> str:
        if self.high == 1 and 1 < raw <= 100:
            return f" {shown(raw)} percent is written {raw / 100:g}."
        return ""


class Duration(NamedTuple):
    """A length of time: a number of seconds, or text with a unit; kept as seconds or as text."""

    low: float
    high: float
    as_text: bool = False

    @property
    def words(self) -> str:
        """What it takes."""
        return f"duration, {lasting(self.low)} to {lasting(self.high)}"

    def read(self, text: str) -> object:
        """A bare number is seconds; all else is left to `check`."""
        return _float_or_text(text)

    def check(self, raw: object) -> object:
        """Seconds as a float, or duration text, within the range."""
        write = "Write seconds as a number, or text such as " + (
            '"7d".' if self.as_text else '"3s".'
        )
        if isinstance(raw, bool) or not isinstance(raw, int | float | str):
            return _wanted("a duration", raw, write)
        if isinstance(raw, str):
            try:
                length: float = seconds(raw)
            except ValueError:
                return Refusal(f"{shown(raw)} is not a duration.", write + " Units: ms s m h d w.")
        else:
            length = raw
        if not self.low <= length <= self.high:
            return Refusal(
                f"{shown(raw)} is out of range.",
                f"Use a duration from {lasting(self.low)} to {lasting(self.high)}.",
            )
        if self.as_text:
            return raw.strip() if isinstance(raw, str) else f"{raw:.12g}s"
        return float(length)


class Flag(NamedTuple):
    """True or false."""

    @property
    def words(self) -> str:
        """What it takes."""
        return "true or false"

    def read(self, text: str) -> object:
        """The words people use in variables for true and false."""
        known = {"true": True, "1": True, "yes": True, "on": True}
        known |= {"false": False, "0": False, "no": False, "off": False}
        return known.get(text.lower(), text)

    def check(self, raw: object) -> object:
        """A bool."""
        if not isinstance(raw, bool):
            return _wanted("true or false", raw, "Write true or false, without quotes.")
        return raw


class _Worded:
    """What the kinds that are written as text have in common: flag text is the value."""

    __slots__ = ()

    def read(self, text: str) -> object:
        """The text itself; one pair of TOML quotes around it is taken off."""
        if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
            return text[1:-1]
        return text


def _text(raw: object, longest: int) -> str | Refusal:
    """Text of one line, or why it is not."""
    if not isinstance(raw, str):
        return _wanted("text", raw, "Put it in quotes.")
    if len(raw) > longest:
        return Refusal(f"The text has {len(raw):,} characters.", f"Use {longest:,} at most.")
    if not raw.isprintable():
        return Refusal("The text holds a line break or a control character.", "Take it out.")
    return raw


class Text(_Worded):
    """One line of text."""

    def __init__(self, longest: int = 500) -> None:
        self.longest = longest

    @property
    def words(self) -> str:
        """What it takes."""
        return f"text, {self.longest:,} characters at most"

    def check(self, raw: object) -> object:
        """A str of one line."""
        return _text(raw, self.longest)


class Choice(_Worded):
    """One of a few words."""

    def __init__(self, *options: str) -> None:
        self.options = options

    @property
    def words(self) -> str:
        """What it takes."""
        *most, last = (f'"{option}"' for option in self.options)
        return f"{', '.join(most)} or {last}" if most else last

    def check(self, raw: object) -> object:
        """One of the options, exactly."""
        text = _text(raw, 500)
        if isinstance(text, Refusal) or text in self.options:
            return text
        return Refusal(f"{shown(text)} is not a choice here.", f"Write {self.words}.")


class Words(NamedTuple("Words", [("options", tuple[str, ...])])):
    """A list of some of a few words; in a flag or a variable a comma stands between them."""

    def __new__(cls, *options: str) -> Words:
        """The words that there are."""
        return super().__new__(cls, options)

    @property
    def words(self) -> str:
        """What it takes."""
        return f"list of {Choice(*self.options).words}"

    def read(self, text: str) -> object:
        """Words with a comma between them; no text is the empty list."""
        return _parted(text)

    def check(self, raw: object) -> object:
        """A tuple of options, in the order of the options."""
        if not isinstance(raw, list | tuple):
            return _wanted("a list", raw, f'Write ["{self.options[0]}"].')
        refused = [
            Refusal(f"{shown(word)} is not a choice here.", f"Choose among {self.words[8:]}.")
            for word in raw
            if word not in self.options
        ]
        if refused:
            return Refusal.of(*refused)
        return tuple(option for option in self.options if option in raw)


class Formed(_Worded):
    """Text of one form, which a function reads: the value, or a Refusal."""

    def __init__(
        self, words: str, form: Callable[[str], str | Refusal], longest: int = 500
    ) -> None:
        self._words = words
        self._form = form
        self._longest = longest

    @property
    def words(self) -> str:
        """What it takes."""
        return self._words

    def check(self, raw: object) -> object:
        """What the form makes of the text."""
        text = _text(raw, self._longest)
        return text if isinstance(text, Refusal) else self._form(text)


class Several(NamedTuple):
    """A list of texts of one form; in a flag or a variable a comma stands between them."""

    one: Formed
    most: int = 100

    @property
    def words(self) -> str:
        """What it takes."""
        return f"list of {self.one.words}"

    def read(self, text: str) -> object:
        """Texts with a comma between them; no text is the empty list."""
        return _parted(text)

    def check(self, raw: object) -> object:
        """A tuple of what the form makes of each, in the order given."""
        if not isinstance(raw, list | tuple):
            return _wanted("a list", raw, "Put it in brackets, with a comma between two.")
        if len(raw) > self.most:
            return Refusal(f"{len(raw)} are too many here.", f"Name {self.most} at most.")
        found = [self.one.check(each) for each in raw]
        refused = [each for each in found if isinstance(each, Refusal)]
        return Refusal.of(*refused) if refused else tuple(found)


class Price(Formed):
    """Money as decimal text; a bare number is refused, because TOML floats are binary."""

    def __init__(self, per: str = " per million tokens") -> None:
        super().__init__(f"decimal number in quotes, US dollars{per}", forms.price)

    def check(self, raw: object) -> object:
        """Decimal text; for a bare number, the fix is that number in quotes."""
        if isinstance(raw, int | float) and not isinstance(raw, bool):
            in_range = 0 <= raw <= forms.DEAREST  # false for nan too
            quoted = str(raw) if in_range and isinstance(forms.price(str(raw)), str) else "0.30"
            return Refusal(
                f"{shown(raw)} is a bare number; money is written in quotes, to stay exact.",
                f'Write "{quoted}".',
            )
        return super().check(raw)


class Day(Formed):
    """A day, as TOML has it or as text."""

    def __init__(self) -> None:
        super().__init__("day, as 2026-12-01", forms.day)

    def check(self, raw: object) -> object:
        """The day as text."""
        of_toml = isinstance(raw, date) and not isinstance(raw, datetime)
        return super().check(str(raw) if of_toml else raw)


class Headers(NamedTuple):
    """A table of header names and values to send; neither secrets nor what Headgate sets."""

    @property
    def words(self) -> str:
        """What it takes."""
        return "table of header names and values"

    def read(self, text: str) -> object:
        """Headers are set in the file only."""
        return text

    def check(self, raw: object) -> object:
        """Pairs of name and value, in the file's order."""
        if not isinstance(raw, dict):
            return _wanted("a table", raw, 'Write { "x-name" = "value" }, in the file.')
        judged = [self._refuse(str(name), value) for name, value in raw.items()]
        refused = [each for each in judged if each is not None]
        if refused:
            return Refusal.of(*refused)
        return tuple((str(name), str(value)) for name, value in raw.items())

    def _refuse(self, name: str, value: object) -> Refusal | None:
        if not forms.HEADER_NAME.fullmatch(name):
            return Refusal(f"{shown(name)} is not a header name.", "Use letters, digits and -.")
        if name.lower() in forms.SECRET_HEADERS:
            return Refusal(
                f"The header {name} carries a secret, which does not belong in the file.",
                "Put the key into an environment variable and name it in api_key_env.",
            )
        if name.lower() in forms.OWN_HEADERS:
            return Refusal(f"The header {name} is set by Headgate itself.", "Take it out.")
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            return Refusal(
                f"The value of header {name} is not plain ASCII text.",
                "Put text of one line in quotes.",
            )
        return None


DATE = Day()
"""A day."""

MODEL = Formed('"provider/model"', forms.model, 200)
"""A model by its full name."""

VARIABLE = Formed("name of an environment variable", forms.variable)
"""The name of an environment variable."""

ADDRESS = Formed('"host:port"', forms.address)
"""Where to listen."""

ADMIN_ADDRESS = Formed('"host:port" or ""', forms.admin_address)
"""Where to listen, or nowhere."""

URL = Formed("http or https URL", forms.url)
"""An http or https URL without credentials, query and fragment; no slash at its end."""

PROXY = Formed('"http://host:port" or ""', forms.proxy)
"""Where a forward proxy listens, or nothing."""

ORIGINS = Several(Formed('"https://host" or "*"', forms.origin, 200))
"""Web pages by where they come from, or all of them."""

LEDGER_URL = Formed('"sqlite:///PATH", "postgresql://…" or "memory:"', forms.ledger_url, 1000)
"""Where the ledger lies."""

PATTERN = Formed("regular expression", forms.pattern, 1000)
"""A regular expression of Python's `re`."""

HEADER_MATCH = Formed('"name" or "name: value"', forms.header_match)
"""A header's name, or its name and value."""


def name_of(what: str) -> Formed:
    """The name of something else in the file; whether it is there is checked later."""
    return Formed(f"name of a {what}", forms.name)
