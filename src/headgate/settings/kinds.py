"""What a value may be: every kind says what it takes, reads flag text, and checks a TOML value."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from ipaddress import IPv6Address
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from headgate.settings.redaction import looks_secret, shown
from headgate.values import ModelRef

__all__ = [
    "Address",
    "Choice",
    "Duration",
    "Flag",
    "HeaderMatch",
    "Headers",
    "Kind",
    "LedgerUrl",
    "Model",
    "Name",
    "Number",
    "Pattern",
    "Price",
    "Refusal",
    "Text",
    "Url",
    "Variable",
    "Whole",
    "lasting",
    "seconds",
]


class Refusal(NamedTuple):
    """Why a value cannot be taken, and what to write instead."""

    message: str
    fix: str


class Kind(Protocol):
    """One kind of value."""

    @property
    def words(self) -> str:
        """What the kind takes, for people: "whole number, 1 to 31"."""

    def read(self, text: str) -> object:
        """The value that a flag's or a variable's text stands for; unreadable text stays text."""

    def check(self, raw: object) -> object:
        """The value as Headgate uses it, or a Refusal; `raw` is any value TOML can hold."""


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
        try:
            return float(text)
        except ValueError:
            return text

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


_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,9})?) ?(ms|[smhdw])", re.ASCII)


def seconds(text: str) -> float:
    """The length of a duration such as "90s", "1.5h" or "7d" (ms, s, m, h, d, w), in seconds.

    Raises:
        ValueError: `text` is not a number followed by one of the units.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a duration such as 90s, 24h or 7d")
    return float(match[1]) * _UNITS[match[2]]


def lasting(length: float) -> str:
    """A length in seconds as the shortest duration text: 604800.0 is "7d"."""
    for unit in ("d", "h", "m", "s"):
        if length >= _UNITS[unit] and length % _UNITS[unit] == 0:
            return f"{length / _UNITS[unit]:g}{unit}"
    return f"{length:g}s"


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
        try:
            return float(text)
        except ValueError:
            return text

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


def _model(text: str) -> str | Refusal:
    try:
        return str(ModelRef.parse(text))
    except ValueError:
        return Refusal(
            f"{shown(text)} is not a model's full name.",
            'Write "provider/model", such as "anthropic/claude-haiku-4-5".',
        )


def _name(text: str) -> str | Refusal:
    if not NAME.fullmatch(text):
        return Refusal(
            f"{shown(text)} is not a name.",
            "Use up to 64 letters, digits and _ . - beginning with a letter or a digit.",
        )
    return text


NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""What tiers and providers may be called: safe in a header, a URL and a model reference."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
# A name of this length in one piece, of small letters and digits, is most likely the key.
_KEY_ITSELF = re.compile(r"(?=.*[a-z])(?=.*\d)[A-Za-z0-9]{28,}")


def _variable(text: str) -> str | Refusal:
    fix = 'Write the name of an environment variable, such as "ANTHROPIC_API_KEY".'
    if looks_secret(text) or _KEY_ITSELF.fullmatch(text):
        return Refusal("This seems to be a key itself, not the name of a variable.", fix)
    if not _VARIABLE.fullmatch(text):
        # not shown: what stands here by mistake is most likely the key
        return Refusal("This is not the name of an environment variable.", fix)
    return text


_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?")
_ADDRESS = re.compile(r"(?:\[(?P<six>[^\]]*)\]|(?P<host>[^:\[\]]*)):(?P<port>\d{1,5})", re.ASCII)


def split_address(text: str) -> tuple[str, int] | None:
    """Host and port of `host:port` or `[IPv6]:port`; None where it is neither."""
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) > 65535:
        return None
    if match["six"] is not None:
        try:
            IPv6Address(match["six"])
        except ValueError:
            return None
        return match["six"], int(match["port"])
    return (match["host"], int(match["port"])) if _HOST.fullmatch(match["host"]) else None


def _address(text: str) -> str | Refusal:
    if split_address(text) is not None:
        return text
    fix = 'Write "host:port", such as "127.0.0.1:8787", or "[::1]:8787"; port 0 takes a free one.'
    if re.fullmatch(r":?\d{1,5}", text):
        fix = f'Write the host too: "127.0.0.1:{text.lstrip(":")}", or "0.0.0.0" to be reachable.'
    return Refusal(f"{shown(text)} is not an address to listen on.", fix)


def _url(text: str) -> str | Refusal:
    fix = 'Write it as "https://host/path", such as "https://api.openai.com/v1".'
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return Refusal(f"{shown(text)} is not a URL.", fix)
    if parts.scheme not in ("http", "https") or not host or port == 0 or not _PLAIN.fullmatch(text):
        return Refusal(f"{shown(text)} is not an http or https URL.", fix)
    if not (_HOST.fullmatch(host) or _is_ipv6(host)):
        return Refusal(f"{shown(text)} has no valid host name.", fix)
    if "@" in parts.netloc or "?" in text or "#" in text:
        return Refusal(
            "A base URL must not hold a user, a password, a query or a fragment (@, ? or #).",
            "Take it out; a key goes into the variable that api_key_env names.",
        )
    for tail in ("/chat/completions", "/v1/messages"):
        if parts.path.rstrip("/").endswith(tail):
            return Refusal(
                f"The base URL ends in {tail}, which Headgate adds by itself.",
                f"Leave {tail} out.",
            )
    return text.rstrip("/")


_PLAIN = re.compile(r"[!-~]+")
"""ASCII without spaces, as a URL is written."""


def _is_ipv6(host: str) -> bool:
    try:
        IPv6Address(host)
    except ValueError:
        return False
    return True


def _ledger_url(text: str) -> str | Refusal:
    path = text.removeprefix("sqlite:///")
    if text == "memory:" or (path != text and path != ":memory:" and _FILE.fullmatch(path)):
        return text
    return Refusal(
        f"{shown(text)} is no ledger that Headgate knows.",
        'Write "sqlite:///headgate.db", "sqlite:////var/lib/headgate.db" (an absolute path), or '
        '"memory:" (gone with the process).',
    )


_FILE = re.compile(r"[^?#]*[^?#/]")


_DEAREST = 100_000


def _price(text: str) -> str | Refusal:
    fix = (
        "Write US dollars per million tokens as a decimal number in quotes, with six decimals at "
        'most, such as "0.30".'
    )
    try:
        amount = Decimal(text) if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", text, re.ASCII) else None
    except InvalidOperation:
        amount = None
    if amount is None:
        return Refusal(f"{shown(text)} is not a price.", fix)
    if amount > _DEAREST:
        return Refusal(f"{shown(text)} is more than ${_DEAREST:,} per million tokens.", fix)
    return text


class Price(Formed):
    """A price as decimal text; a bare number is refused, because TOML floats are binary."""

    def __init__(self) -> None:
        super().__init__("decimal number in quotes, US dollars per million tokens", _price)

    def check(self, raw: object) -> object:
        """Decimal text; for a bare number, the fix is that number in quotes."""
        if isinstance(raw, int | float) and not isinstance(raw, bool):
            in_range = 0 <= raw <= _DEAREST  # false for nan too
            quoted = str(raw) if in_range and isinstance(_price(str(raw)), str) else "0.30"
            return Refusal(
                f"{shown(raw)} is a bare number; money is written in quotes, to stay exact.",
                f'Write "{quoted}".',
            )
        return super().check(raw)


def _pattern(text: str) -> str | Refusal:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "possible nested set": valid all the same
        try:
            re.compile(text)
        except (re.error, OverflowError, RecursionError, MemoryError) as error:
            return Refusal(
                f"{shown(text)} is not a regular expression: {error}.",
                "Python's re syntax holds; single quotes in TOML keep backslashes as they are.",
            )
    if repeats_a_repeat(text):
        return Refusal(
            f"{shown(text)} repeats a group that holds an unbounded repeat, which can take "
            "exponential time on a hostile request.",
            "Make the inner repeat possessive: (a++b)+ instead of (a+b)+.",
        )
    return text


_TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?#[^)]*\)|\(\?>|\(|\)"
    r"|(?P<repeat>(?:[*+]|\{\d*,\})(?P<tail>[+?]?))|\{\d+(?:,\d+)?\}[+?]?|.",
    re.DOTALL,
)


def repeats_a_repeat(pattern: str) -> bool:
    """True where a group that holds an unbounded repeat is itself repeated without bound.

    `(a+)+` backtracks exponentially. Possessive repeats and atomic groups do not backtrack, and
    pass. Alternatives that overlap, such as `(a|a)*`, are not found by this.
    """
    groups: list[tuple[bool, bool]] = []  # of every open group: atomic, holds a repeat
    atomic = holds = closed = False
    for token in _TOKEN.finditer(pattern):
        text = token[0]
        after_group, closed = closed, False
        if text in ("(", "(?>"):
            groups.append((atomic, holds))
            atomic, holds = text == "(?>", False
        elif text == ")" and groups:
            inner = holds and not atomic
            atomic, outer = groups.pop()
            closed, holds = inner, outer or inner
        elif token["repeat"] and token["tail"] != "+":
            if after_group:
                return True
            holds = True
    return False


def _header_match(text: str) -> str | Refusal:
    name, colon, value = text.partition(":")
    if not _HEADER_NAME.fullmatch(name.strip()) or (colon and not value.strip()):
        return Refusal(
            f"{shown(text)} does not name a header.",
            'Write "name" (the header is there) or "name: value" (it is equal).',
        )
    return text


_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_SECRET_HEADERS = frozenset(
    ("api-key", "authorization", "cookie", "proxy-authorization", "x-api-key", "x-goog-api-key")
)
_OWN_HEADERS = frozenset(
    (
        "anthropic-version",
        "accept",
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    )
)


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
        for name, value in raw.items():
            refusal = self._refuse(str(name), value)
            if refusal is not None:
                return refusal
        return tuple((str(name), str(value)) for name, value in raw.items())

    def _refuse(self, name: str, value: object) -> Refusal | None:
        if not _HEADER_NAME.fullmatch(name):
            return Refusal(f"{shown(name)} is not a header name.", "Use letters, digits and -.")
        if name.lower() in _SECRET_HEADERS:
            return Refusal(
                f"The header {name} carries a secret, which does not belong in the file.",
                "Put the key into an environment variable and name it in api_key_env.",
            )
        if name.lower() in _OWN_HEADERS:
            return Refusal(f"The header {name} is set by Headgate itself.", "Take it out.")
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            return Refusal(
                f"The value of header {name} is not plain ASCII text.",
                "Put text of one line in quotes.",
            )
        return None


def Model() -> Formed:  # noqa: N802 - reads as one of the kinds above
    """A model as `provider/model`."""
    return Formed('"provider/model"', _model, 200)


def Name(of: str) -> Formed:  # noqa: N802
    """The name of something else in the file; whether it is there is checked later."""
    return Formed(f"name of a {of}", _name)


def Variable() -> Formed:  # noqa: N802
    """The name of an environment variable."""
    return Formed("name of an environment variable", _variable)


def Address() -> Formed:  # noqa: N802
    """Where to listen: `host:port`."""
    return Formed('"host:port"', _address)


def Url() -> Formed:  # noqa: N802
    """An http or https URL without credentials, query and fragment."""
    return Formed("http or https URL", _url)


def LedgerUrl() -> Formed:  # noqa: N802
    """Where the ledger lies."""
    return Formed('"sqlite:///PATH" or "memory:"', _ledger_url, 1000)


def Pattern() -> Formed:  # noqa: N802
    """A regular expression of Python's `re`."""
    return Formed("regular expression", _pattern, 1000)


def HeaderMatch() -> Formed:  # noqa: N802
    """A header's name, or its name and value."""
    return Formed('"name" or "name: value"', _header_match)
