"""What of a value may be shown: never a secret, never a control character, never a whole page."""

from __future__ import annotations

import json
import re

__all__ = ["looks_secret", "shown", "shown_path"]

# Prefixes that vendors give their keys so that scanners recognise them: OpenAI and Anthropic
# (sk-), Google (AIza), Groq, xAI, Hugging Face, Replicate, Perplexity, NVIDIA, Cerebras, GitHub,
# Slack, AWS; and the passwords inside URLs.
_SECRET = re.compile(
    r"""
    (?<![A-Za-z0-9])
    (?: sk-(?=[A-Za-z_-]{0,40}\d)[A-Za-z0-9_-]{12,}
      | AIza[A-Za-z0-9_-]{20,}
      | (?:gsk_|xai-|hf_|r8_|pplx-|csk-|gh[pousr]_)[A-Za-z0-9]{26,}
      | (?:nvapi-|github_pat_)[A-Za-z0-9_-]{40,}
      | xox[abprs]-[A-Za-z0-9-]{10,}
      | AKIA[A-Z0-9]{16}
      | [a-z][a-z0-9+.-]{0,20}://[^/\s:@"']{0,200}:[^/\s@"']{1,200}@
      | Bearer[ ]+[A-Za-z0-9._~+/-]{16,}
    )
    """,
    re.VERBOSE,
)

_LONGEST = 60
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def looks_secret(text: str) -> bool:
    """True where a text holds something that has the form of a key or a password."""
    return _SECRET.search(text) is not None


def shown(value: object) -> str:
    """A value as a message may show it: as in TOML, short, harmless to a terminal."""
    match value:
        case bool():
            text = str(value).lower()
        case int():
            text = str(value) if abs(value) < 10**_LONGEST else "a number of more than 60 digits"
        case dict():
            text = "a table"
        case list() | tuple():
            text = "a list"
        case str():
            text = _quoted(value)
        case _:
            text = str(value)
    return text


def _quoted(text: str) -> str:
    if looks_secret(text):
        return "(not shown: it could be a secret)"
    quoted = "".join(map(_printable, json.dumps(text[:_LONGEST], ensure_ascii=False)))
    return quoted if len(text) <= _LONGEST else f"{quoted[:-1]}..."


def _printable(character: str) -> str:
    return character if character.isprintable() else f"\\u{ord(character):04x}"


def shown_path(path: tuple[str | int, ...]) -> str:
    """A field's path as it would be written in TOML, list positions in brackets from 0.

    >>> shown_path(("prices", "google/gemini-2.5-flash", "input"))
    'prices."google/gemini-2.5-flash".input'
    >>> shown_path(("classifier", "rules", 0, "tier"))
    'classifier.rules[0].tier'
    """
    parts: list[str] = []
    for part in path:
        if isinstance(part, int):
            parts.append(f"[{part}]")
        else:
            text = part if _BARE.fullmatch(part) and len(part) <= _LONGEST else shown(part)
            parts.append(f".{text if not looks_secret(part) else shown(part)}")
    return "".join(parts).removeprefix(".")
