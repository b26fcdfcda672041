"""A TOML text as a tree of values, and the line on which each of them stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from headgate.errors import ConfigError, ConfigFault
from headgate.settings.redaction import looks_secret

__all__ = ["LONGEST_FILE", "Document", "Path", "parse"]

Path = tuple[str | int, ...]
"""Where a value stands: keys of tables and positions in lists."""

LONGEST_FILE = 256 * 1024
"""Bytes; a settings file for a thousand rules has less."""

_DEEPEST = 16
"""Most brackets within brackets, and most dots in a key. tomllib recurses for the first and needs
time that grows with the square of the second."""

# Every text matches: what is unfinished runs to the end of its line or of the text, so that the
# time is linear whatever comes.
_TOKEN = re.compile(
    r'''"""(?:\\.|[^\\])*?(?:"{3,5}|\\?\Z)'''
    r"""|'''.*?(?:'{3,5}|\Z)"""
    r"""|"(?:\\[^\n]|[^"\\\n])*(?:"|(?=\\?\n)|\\?\Z)"""
    r"""|'[^'\n]*(?:'|(?=\n)|\Z)"""
    r"""|\#[^\n]*|[^"'\#\[\]{}.,=\n]+|.|\n""",
    re.DOTALL | re.VERBOSE,
)


class Statement(NamedTuple):
    """The least run of lines that is TOML by itself: a header, or a key and its value."""

    line: int
    text: str


class _TooDeepError(Exception):
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def _statements(text: str) -> Iterator[Statement]:
    """The statements of a TOML text with the line each begins on, from 1; one pass.

    Raises:
        _TooDeepError: brackets or dotted keys nested as no settings file has them.
    """
    line, begin, start, depth, dots = 1, 1, 0, 0, 0
    for token in _TOKEN.finditer(text):
        piece = token[0]
        if piece == "\n" and depth <= 0:
            yield Statement(begin, text[start : token.start()])
            line, begin, start, depth, dots = line + 1, line + 1, token.end(), 0, 0
            continue
        line += piece.count("\n")
        if piece in "[{":
            depth += 1
        elif piece in "]}":
            depth -= 1
        dots = dots + 1 if piece == "." else 0 if piece in ",=[]{}\n" else dots
        if depth > _DEEPEST or dots > _DEEPEST:
            raise _TooDeepError(line)
    yield Statement(begin, text[start:])


class Document(NamedTuple):
    """A parsed file: `name` as messages call it, `tree` as tomllib gives it."""

    name: str
    tree: dict[str, object]
    lines: Lines


class Lines:
    """The line of every table, key and list item of a text; read when first asked."""

    def __init__(self, text: str) -> None:
        self._text = text

    def at(self, path: Path) -> int:
        """The line of a path, or of the nearest table around it; line 1 for the whole file."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    @cached_property
    def _lines(self) -> dict[Path, int]:
        lines: dict[Path, int] = {}
        items: dict[Path, int] = {}  # how many items an array of tables has so far
        prefix: Path = ()
        for statement in _statements(self._text):
            tree = tomllib.loads(statement.text)
            if statement.text.lstrip(" \t").startswith("["):
                prefix = _header(tree, items)
                for end in range(1, len(prefix) + 1):
                    lines.setdefault(prefix[:end], statement.line)
            else:
                for path in _paths(tree, prefix):
                    lines.setdefault(path, statement.line)
        return lines


def _header(tree: dict[str, object], items: dict[Path, int]) -> Path:
    """The path a header opens; `[[a.b]]` counts one item more of a.b."""
    path: Path = ()
    value: object = tree
    while isinstance(value, dict) and value:
        key, value = next(iter(value.items()))
        path += (key,)
        if isinstance(value, list):
            items[path] = items.get(path, 0) + 1
            value = None
        if path in items:
            path += (items[path] - 1,)
    return path


def _paths(value: object, path: Path) -> Iterator[Path]:
    """The paths of all that a statement sets, below the header it stands under."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key)
            yield from _paths(item, (*path, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield (*path, position)
            yield from _paths(item, (*path, position))


def parse(data: bytes, name: str) -> Document:
    """A file's bytes as a Document; `name` is what messages call it.

    Raises:
        ConfigError: it is not TOML, or it holds what looks like a secret; the faults name lines.
    """
    if len(data) > LONGEST_FILE:
        raise _unusable(name, _fault(name, 1, "The file is longer than 256 KiB.", "Shorten it."))
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _unusable(
            name, _fault(name, line, "The file is not UTF-8 text.", "Save it as UTF-8.")
        ) from error
    tree = _tree(text, name)
    faults = [tree] if isinstance(tree, ConfigFault) else []
    faults += [_secret(name, line) for line in _lines_with_secrets(text)]
    if faults or isinstance(tree, ConfigFault):
        raise _unusable(name, *faults)
    return Document(name, tree, Lines(text))


def _tree(text: str, name: str) -> dict[str, object] | ConfigFault:
    """What tomllib makes of a text, or where it gives up."""
    try:
        for _ in _statements(text):
            pass
        return tomllib.loads(text)
    except _TooDeepError as error:
        return _fault(name, error.line, "The nesting is too deep.", "No setting needs this.")
    except tomllib.TOMLDecodeError as error:
        line, reason = _syntax(str(error), text)
        content = text.split("\n")[line - 1]
        fix = _UNQUOTED_FIX if _UNQUOTED.fullmatch(content) else _SYNTAX_FIX
        if _REPEATED.match(reason):
            fix = _REPEATED_FIX
        return _fault(name, line, f"This is not valid TOML: {reason}.", fix)
    except ValueError:  # such as a number of 5,000 digits: Python's message names no line
        line = next((line for line, part in _statements(text) if not _parses(part)), 1)
        return _fault(name, line, "A value here cannot be read.", _SYNTAX_FIX)


_SYNTAX_FIX = 'Write a header [section], or a line key = value; text is written in "quotes".'
_UNQUOTED_FIX = 'Text is written in "quotes", a number in digits, true and false in small letters.'
_REPEATED_FIX = "A section is written once, and each key in it once: join the two."
_REPEATED = re.compile(r"cannot (?:declare .* twice|overwrite a value)")
_UNQUOTED = re.compile(r"\s*[\w.-]{1,100}\s*=\s*[\w%./:@+-]{1,200}\s*(?:#.*)?")
_LONGEST_REASON = 100
_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def _syntax(message: str, text: str) -> tuple[int, str]:
    """The line and the reason in tomllib's message: "Invalid value (at line 1, column 5)"."""
    place = _PLACE.search(message)
    last = text.rstrip("\n").count("\n") + 1
    line = int(place[1]) if place and place[1] else last
    reason = _PLACE.sub("", message).rstrip(".")
    if len(reason) > _LONGEST_REASON or looks_secret(reason):  # it quotes keys of the file
        reason = "a header or a key that stands here cannot stand here"
    return min(line, last), reason[:1].lower() + reason[1:]


def _parses(statement: str) -> bool:
    try:
        tomllib.loads(statement)
    except ValueError:
        return False
    return True


def _lines_with_secrets(text: str) -> Iterator[int]:
    for line, content in enumerate(text.split("\n"), start=1):
        if looks_secret(content):
            yield line


def _secret(name: str, line: int) -> ConfigFault:
    return _fault(
        name,
        line,
        "This line holds what looks like a secret; the file is no place for one.",
        "Put it into an environment variable, name that in api_key_env (a proxy's user:password "
        "in proxy_auth_env), and replace it if the file was shared.",
    )


def _fault(name: str, line: int, message: str, fix: str) -> ConfigFault:
    return ConfigFault(message, fix=fix, line=line, source=name)


def _unusable(name: str, *faults: ConfigFault) -> ConfigError:
    return ConfigError(f"{name} cannot be used:", faults=faults)
