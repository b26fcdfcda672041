"""The shared nouns: Usage, money in nano-dollars, ModelRef, Ask, Proxy, Clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import NamedTuple, Protocol

import msgspec

__all__ = [
    "CHARS_PER_TOKEN",
    "NANO_PER_USD",
    "Ask",
    "Clock",
    "Draft",
    "ModelRef",
    "Proxy",
    "ToolUse",
    "Usage",
    "Wanted",
    "authority",
    "counted",
    "dollars",
    "nano_from_usd",
    "percent",
    "spent_of",
    "tokens_in",
    "usd",
]

NANO_PER_USD = 1_000_000_000
"""Money is an integer number of nano-dollars (10^-9 USD) everywhere; it is never a float."""


def nano_from_usd(amount: Decimal | str | int) -> int:
    """An amount in USD as nano-dollars, rounded half to even.

    >>> nano_from_usd("0.009")
    9000000

    Raises:
        ValueError: `amount` is not a finite decimal number.
    """
    try:
        nano = Decimal(amount) * NANO_PER_USD
        return int(nano.to_integral_value(rounding=ROUND_HALF_EVEN))
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise ValueError(f"{amount!r} is not an amount in US dollars") from error


def usd(nano: int) -> str:
    """Nano-dollars as an exact decimal string, for headers and JSON.

    >>> usd(9_000_000), usd(0), usd(-1)
    ('0.009', '0', '-0.000000001')
    """
    if 0 < nano < NANO_PER_USD:  # what a request costs
        return "0." + str(nano).zfill(9).rstrip("0")  # a third cheaper than a format
    digits = str(abs(nano)).zfill(10)
    text = f"{digits[:-9]}.{digits[-9:]}".rstrip("0").rstrip(".")
    return f"-{text}" if nano < 0 else text


def percent(share: float, places: int = 1) -> str:
    """A share in per cent, for people.

    >>> percent(0.5178), percent(-0.0156), percent(0.95, 0)
    ('51.8 %', '-1.6 %', '95 %')
    """
    return f"{share * 100:.{places}f} %"


def counted(number: int, noun: str) -> str:
    """So many of something, for people.

    >>> counted(1, "call"), counted(0, "call"), counted(1200, "graded request")
    ('1 call', '0 calls', '1,200 graded requests')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def dollars(nano: int, places: int = 2) -> str:
    """Nano-dollars for people: thousands separated, rounded half to even to `places` decimals.

    >>> dollars(270_000_000_000), dollars(-4_200_000_000), dollars(140_000, places=5)
    ('$270.00', '-$4.20', '$0.00014')
    """
    amount = (Decimal(nano) / NANO_PER_USD).quantize(
        Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN
    )
    return f"-${-amount:,}" if amount < 0 else f"${abs(amount):,}"


def spent_of(nano: int, limit: int) -> tuple[str, str]:
    """What is spent and its limit: the first is not rounded up to a limit that is not reached.

    Both have cents, and more digits where the limit is no whole number of them.

    >>> spent_of(995_600_000, 10**9), spent_of(23_000, 100_000)
    (('$0.99', '$1.00'), ('$0.0000', '$0.0001'))
    """
    places = max(2, -int(Decimal(usd(limit)).as_tuple().exponent))
    unit = NANO_PER_USD // 10**places
    spent = nano // unit * unit if nano < limit else nano
    return dollars(spent, places), dollars(limit, places)


CHARS_PER_TOKEN = 4
"""Characters of English text to a token, where nobody has counted: OpenAI's own rule of thumb."""


def tokens_in(text: str) -> int:
    """The tokens of a text, estimated; never 0.

    >>> tokens_in(""), tokens_in("How many tokens is this?")
    (1, 7)
    """
    return len(text) // CHARS_PER_TOKEN + 1


class Usage(msgspec.Struct, frozen=True, gc=False):
    """Tokens of one call, in kinds that never overlap when they are billed.

    `input` are input tokens that were neither read from nor written to a prompt cache. `output` are
    all generated tokens; `reasoning` says how many of them were thinking, and is not billed again.
    `service_tier` is the provider's word for how it served the call, where that has prices of its
    own: `flex`, `priority`, `batch`, `fast`; None is the standard. A sum of usages has none.
    """

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    reasoning: int = 0
    service_tier: str | None = None

    @property
    def total_input(self) -> int:
        """All tokens the model read, from a cache or not: what a context-length tier looks at."""
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cache_read + other.cache_read,
            self.cache_write_5m + other.cache_write_5m,
            self.cache_write_1h + other.cache_write_1h,
            self.reasoning + other.reasoning,
        )


_MODEL = re.compile(r"(?P<provider>[A-Za-z0-9][A-Za-z0-9_.-]*)/(?P<model>\S+)")


class ModelRef(NamedTuple):
    """A model as Headgate names it: `provider/model`, the provider being a name in the file."""

    provider: str
    model: str

    @classmethod
    def parse(cls, text: str) -> ModelRef:
        """Read `provider/model`; the model's own name may hold further slashes.

        Raises:
            ValueError: there is no provider before the first slash, or no model after it.
        """
        match = _MODEL.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not of the form provider/model")
        return cls(match["provider"], match["model"])

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


class Ask(msgspec.Struct, frozen=True, gc=False):
    """What a policy may know of a request: its shape and text, free of any dialect.

    `tokens` is an estimate of the input length, good to some 25 %; exact counts come from the
    provider with the answer.
    """

    model: str
    system: str = ""
    last_user: str = ""
    """Text of the last user turn: what is asked now."""
    turns: int = 1
    opening: str = ""
    """What the user said before the model first answered: it stays the same as a talk goes on."""
    preamble: int = 0
    """Characters of `system` that come before the first turn, and stay the same too."""
    replies: int = 0
    """Turns of the model and of its tools in the history; 0 begins a conversation."""
    conversation: str | None = None
    """An id that the caller's client sends with every request of a conversation."""
    continues: str | None = None
    """The id of what a provider keeps, and this request goes on from."""
    tokens: int = 0
    max_output: int | None = None
    tools: int = 0
    images: int = 0
    json_schema: bool = False
    stream: bool = False
    headers: Mapping[str, str] = {}
    """The request's headers, names in lower case."""


class ToolUse(msgspec.Struct, frozen=True):
    """A tool that an answer calls; `arguments` is JSON text, which a model may get wrong."""

    name: str
    arguments: str


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What a check may know of an answer, free of any dialect."""

    text: str = ""
    refused: bool = False
    """The provider says that the model declined."""
    calls: tuple[ToolUse, ...] = ()
    other: bool = False
    """There is something besides text and calls."""
    finish: str = "unknown"
    """Why it ended: `stop`, `length`, `tool_calls`, …"""
    logprob: float | None = None
    """Mean natural logarithm of a token's probability, 0 at most; None where it is not told."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer must fit, free of any dialect."""

    json: bool = False
    """The answer is to be JSON."""
    schema: Mapping[str, object] | None = None
    """The JSON schema of the answer."""
    tools: Mapping[str, Mapping[str, object] | None] | None = None
    """The tools on offer, each with the JSON schema of its arguments; None where none are."""


class Proxy(NamedTuple):
    """A forward proxy, which passes on what is sent out of a closed network.

    >>> Proxy("proxy.corp", 3128, "Basic dTpw"), str(Proxy("::1", 3128))
    (Proxy('proxy.corp:3128'), '[::1]:3128')
    """

    host: str
    port: int
    authorization: str | None = None
    """What is sent to it, and to nobody else, as Proxy-Authorization; never shown."""

    def __str__(self) -> str:
        return authority(self.host, self.port)

    def __repr__(self) -> str:
        return f"Proxy({str(self)!r})"


def authority(host: str, port: int) -> str:
    """Host and port as a URL holds them: an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Clock(Protocol):
    """Where the time comes from; tests pass their own."""

    def time(self) -> float:
        """Seconds since 1970, for what is written down."""

    def monotonic(self) -> float:
        """Seconds that never run backwards, for durations and deadlines."""
