"""What text may say, form by form: a name, a URL, a pattern; the value, or why it is refused."""

from __future__ import annotations

import re
import warnings
from datetime import date
from decimal import Decimal, InvalidOperation
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from headgate.settings.redaction import looks_secret, shown
from headgate.values import ModelRef

__all__ = [
    "DEAREST",
    "HEADER_NAME",
    "NAME",
    "OWN_HEADERS",
    "SECRET_HEADERS",
    "Refusal",
    "address",
    "day",
    "header_match",
    "hours",
    "is_loopback",
    "ledger_url",
    "mail",
    "mails",
    "model",
    "name",
    "origin",
    "pattern",
    "price",
    "proxy",
    "repeats_a_repeat",
    "split_address",
    "timezone",
    "url",
    "variable",
]


NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""What tiers and providers may be called: safe in a header, a URL and a model reference."""


class Refusal(NamedTuple):
    """Why a value cannot be taken, and what to write instead."""

    message: str
    fix: str
    more: tuple[Refusal, ...] = ()
    """What else is wrong with a value of several parts."""

    @classmethod
    def of(cls, *refused: Refusal) -> Refusal:
        """All that is wrong with one value."""
        first, *others = refused
        return first._replace(more=tuple(others))

    def each(self) -> tuple[Refusal, ...]:
        """One by one."""
        return (self, *self.more)


def model(text: str) -> str | Refusal:
    """A model's full name, `provider/model`."""
    try:
        return str(ModelRef.parse(text))
    except ValueError:
        return Refusal(
            f"{shown(text)} is not a model's full name.",
            'Write "provider/model", such as "anthropic/claude-haiku-4-5".',
        )


def name(text: str) -> str | Refusal:
    """What a tier, a provider, a rule or a price list may be called."""
    if not NAME.fullmatch(text):
        return Refusal(
            f"{shown(text)} is not a name.",
            "Use up to 64 letters, digits and _ . - beginning with a letter or a digit.",
        )
    return text


_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
# A name of this length in one piece, of small letters and digits, is most likely the key.
_KEY_ITSELF = re.compile(r"(?=.*[a-z])(?=.*\d)[A-Za-z0-9]{28,}")


def variable(text: str) -> str | Refusal:
    """The name of an environment variable; what stands there by mistake is never shown."""
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


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by name or by address.

    >>> is_loopback("127.0.0.1"), is_loopback("a.localhost"), is_loopback("example.com")
    (True, True, False)
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def address(text: str) -> str | Refusal:
    """Where to listen: `host:port`, an IPv6 address in brackets."""
    if split_address(text) is not None:
        return text
    fix = 'Write "host:port", such as "127.0.0.1:8787", or "[::1]:8787"; port 0 takes a free one.'
    if re.fullmatch(r":?\d{1,5}", text):
        fix = f'Write the host too: "127.0.0.1:{text.lstrip(":")}", or "0.0.0.0" to be reachable.'
    return Refusal(f"{shown(text)} is not an address to listen on.", fix)


def admin_address(text: str) -> str | Refusal:
    """Where to listen, or nothing."""
    if not text:
        return text
    refused = address(text)
    if isinstance(refused, Refusal):
        return Refusal(refused.message, f'{refused.fix} "" turns it off.')
    return refused


def url(text: str) -> str | Refusal:
    """A provider's base URL; a slash at its end is taken off."""
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


def proxy(text: str) -> str | Refusal:
    """A forward proxy by `http://host:port`, or nothing; a slash at its end is taken off."""
    if not text:
        return text
    fix = 'Write it as "http://host:port", such as "http://proxy.example:3128".'
    if "@" in text:
        return Refusal(
            "A proxy's user and password do not belong here.",
            "Take them out, and name the variable that holds user:password in proxy_auth_env.",
        )
    scheme, mark, rest = text.partition("://")
    if not mark:
        known = split_address(text) is not None
        return Refusal(
            f"{shown(text)} is not a proxy's URL.", f'Write "http://{text}".' if known else fix
        )
    if scheme.lower() != "http":
        return Refusal(
            f"{shown(text)} is not an http proxy: Headgate asks proxies in plain HTTP to CONNECT.",
            f"{fix} An https provider is spoken to in TLS all the way through it.",
        )
    address = split_address(rest.removesuffix("/"))
    if address is None or not address[1]:
        return Refusal(f"{shown(text)} is not a proxy's host and port.", fix)
    return f"http://{rest.removesuffix('/')}"


def origin(text: str) -> str | Refusal:
    """A web page's origin, as its browser names it, or `*` for any."""
    if text == "*":
        return text
    fix = 'Write scheme, host and port as the browser shows them, such as "https://app.example".'
    try:
        parts = urlsplit(text.lower())
        host, port = parts.hostname, parts.port
    except ValueError:  # such as a bracket alone
        return Refusal(f"{shown(text)} is not a web page's origin.", fix)
    if not host or port == 0 or not _SCHEME.fullmatch(parts.scheme) or not _PLAIN.fullmatch(text):
        return Refusal(f"{shown(text)} is not a web page's origin.", fix)
    whole = f"{parts.scheme}://{parts.netloc}"
    if "*" in whole or "@" in whole:
        return Refusal(
            f"{shown(text)} is not one origin.", 'Name each, or write "*" for every web page.'
        )
    usual = _USUAL_PORTS.get(parts.scheme)  # a browser leaves it out
    if port is not None and port == usual:
        whole = whole.removesuffix(f":{usual}")
    if text.lower() != whole:
        return Refusal(f"{shown(text)} is more than an origin.", f'Write "{whole}".')
    return whole


_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
_USUAL_PORTS = {"http": 80, "https": 443}
_PLAIN = re.compile(r"[!-~]+")
"""ASCII without spaces, as a URL is written."""


def _is_ipv6(host: str) -> bool:
    try:
        IPv6Address(host)
    except ValueError:
        return False
    return True


def ledger_url(text: str) -> str | Refusal:
    """Where the ledger lies."""
    path = text.removeprefix("sqlite:///")
    if text == "memory:" or (path != text and path != ":memory:" and _FILE.fullmatch(path)):
        return text
    if text.startswith(("postgresql://", "postgres://")):
        if looks_secret(text) or _PASSWORD.search(text):
            return Refusal(
                "The ledger's URL holds a password, which does not belong in the file.",
                "Take it out, and name the environment variable that holds it: password_env.",
            )
        return text
    return Refusal(
        f"{shown(text)} is no ledger that Headgate knows.",
        'Write "sqlite:///headgate.db", "sqlite:////var/lib/headgate.db" (an absolute path), '
        '"postgresql://user@host/database", or "memory:" (gone with the process).',
    )


_PASSWORD = re.compile(r"[?&](?:ssl)?password=", re.IGNORECASE)


_FILE = re.compile(r"[^?#]*[^?#/]")


DEAREST = 100_000


def price(text: str) -> str | Refusal:
    """US dollars per million tokens as a decimal number."""
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
    if amount > DEAREST:
        return Refusal(f"{shown(text)} is more than ${DEAREST:,} per million tokens.", fix)
    return text


def day(text: str) -> str | Refusal:
    """A day of the calendar."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return Refusal(f"{shown(text)} is no day.", "Write it as 2026-12-01.")


def pattern(text: str) -> str | Refusal:
    """A regular expression that compiles and does not explode."""
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


def header_match(text: str) -> str | Refusal:
    """A header's name, or its name, a colon and its value."""
    header, colon, value = text.partition(":")
    if not HEADER_NAME.fullmatch(header.strip()) or (colon and not value.strip()):
        return Refusal(
            f"{shown(text)} does not name a header.",
            'Write "name" (the header is there) or "name: value" (it is equal).',
        )
    return text


HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
SECRET_HEADERS = frozenset(
    ("api-key", "authorization", "cookie", "proxy-authorization", "x-api-key", "x-goog-api-key")
)
OWN_HEADERS = frozenset(
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
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    )
)


_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250})")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def mail(text: str) -> str | Refusal:
    """One mail address, without a name beside it."""
    if _MAIL.fullmatch(text):
        return text
    return Refusal(f"{shown(text)} is not a mail address.", 'Write it as "ops@example.com".')


def mails(text: str) -> str | Refusal:
    """Mail addresses, separated by commas."""
    found = [mail(part.strip()) for part in text.split(",")]
    refused = next((part for part in found if isinstance(part, Refusal)), None)
    return refused or ", ".join(str(part) for part in found)


def hours(text: str) -> str | Refusal:
    """Hours of the day, `HH:MM-HH:MM`; they may go over midnight."""
    match = _HOURS.fullmatch(text)
    if match is None or match.group(1, 2) == match.group(3, 4):
        return Refusal(f"{shown(text)} are no hours of the day.", 'Write "22:00-07:00".')
    return text


def timezone(text: str) -> str | Refusal:
    """The name of a time zone that this system knows."""
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return Refusal(
            f"{shown(text)} is no time zone known here.",
            'Write a name such as "UTC" or "Europe/Berlin".',
        )
    return text
