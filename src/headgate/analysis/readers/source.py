"""Files as rows: globs, compression, JSON lines and documents, CSV, Parquet; never whole."""

from __future__ import annotations

import codecs
import csv
import glob
import gzip
import io
import json
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeAlias

import msgspec

from headgate.errors import HeadgateError
from headgate.values import counted

__all__ = [
    "AS_UTF8",
    "Bad",
    "Container",
    "Numbered",
    "Source",
    "UnreadableError",
    "called",
    "expand",
    "open_source",
]

STDIN = "-"
MOST = 64 * 1024 * 1024
"""Longest row, bytes."""
HEAD = 64 * 1024
CHUNK = 1024 * 1024
BATCH = 4096

AS_UTF8 = "Save it as UTF-8, such as with `iconv -f {} -t UTF-8`."
"""How to mend a file in another encoding, which is to be named."""

GZIP, ZSTD, PARQUET, SQLITE = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1", b"SQLite format 3\0"


class UnreadableError(HeadgateError):
    """A file cannot be read as a sample: what was expected, what was found, and how to mend it."""


class Bad(NamedTuple):
    """A row that is none: the reason, and its text."""

    reason: str
    row: str


Numbered: TypeAlias = tuple[int, dict[str, Any] | Bad]
Container: TypeAlias = str
"""`jsonl`, `json`, `csv`, `parquet` or `sqlite`."""


class Source(NamedTuple):
    """An open file: what holds its rows, the rows, and how many bytes of it were read so far."""

    name: str
    container: Container
    rows: Iterator[Numbered]
    position: Callable[[], int]
    size: int
    """Bytes; 0 where that is not known."""
    close: Callable[[], object]


def expand(patterns: tuple[str, ...]) -> list[str]:
    """The files that names and globs stand for, each once, in order; `-` is standard input.

    Raises:
        UnreadableError: a name or pattern stands for no file.
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        if pattern == STDIN or _can_be_read(pattern):
            found[pattern] = None
            continue
        found_here = glob.glob(pattern, recursive=True)  # noqa: PTH207 - absolute ones too
        names = sorted(name for name in found_here if _can_be_read(name))
        if not names and Path(pattern).is_dir():
            raise UnreadableError(
                f"{pattern} is a directory.",
                fix=f"Name the files in it, such as '{pattern.rstrip('/')}/*.jsonl'.",
            )
        if not names:
            raise UnreadableError(
                f"There is no file {pattern}.",
                fix="Name files, patterns such as 'logs/*.jsonl.gz', or - for standard input.",
            )
        found.update(dict.fromkeys(names))
    return list(found)


def _can_be_read(name: str) -> bool:
    """A file, or a pipe such as a shell's `<(zcat log.gz)`."""
    path = Path(name)
    return path.exists() and not path.is_dir()


def called(name: str) -> str:
    """A source as a sentence about it begins."""
    return "Standard input" if name == STDIN else name


def open_source(name: str) -> Source:
    """Open a file, by its first bytes and not by its name.

    Raises:
        UnreadableError: it cannot be opened, is empty, or holds what no reader takes.
    """
    raw: Any
    try:
        raw = _stdin() if name == STDIN else _open(name)
        size = 0 if name == STDIN else Path(name).stat().st_size
        head = raw.peek(len(SQLITE))
    except (OSError, AttributeError) as error:
        raise UnreadableError(
            f"{called(name)} cannot be opened: {getattr(error, 'strerror', None) or error}.",
            fix="Check its name and its rights.",
        ) from error
    try:
        return _source(name, raw, head, size)
    except BaseException:
        _closer(name, raw)()
        raise


def _source(name: str, raw: io.BufferedReader[Any], head: bytes, size: int) -> Source:
    close = _closer(name, raw)
    position = raw.tell if name != STDIN and raw.seekable() else (lambda: 0)
    if head.startswith(SQLITE):
        return Source(name, "sqlite", iter(()), position, size, close)
    if head.startswith(PARQUET):
        return Source(name, "parquet", _parquet(name, raw), position, size, close)
    stream = _Buffered(_uncompressed(name, raw, head))
    container = _container(name, stream)
    return Source(name, container, _rows(container, stream), position, size, close)


def _closer(name: str, raw: io.BufferedReader[Any]) -> Callable[[], object]:
    """Closes a file, but leaves standard input to whoever opened it."""
    return raw.detach if name == STDIN else raw.close


def _open(name: str) -> io.BufferedReader[Any]:
    raw: Any = io.FileIO(name)
    return io.BufferedReader(raw, HEAD)


def _stdin() -> io.BufferedReader[Any]:
    raw: Any = sys.stdin.buffer
    return io.BufferedReader(raw, HEAD)


class _Buffered:
    """A stream that tells its beginning before it is read, and where it breaks off."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.broken: str | None = None
        self._kept = b""
        self.head = self._kept = self.read(HEAD)

    def read(self, size: int) -> bytes:
        """Bytes, none at the end; what cannot be unpacked ends the stream and is `broken`."""
        if self._kept:
            kept, self._kept = self._kept, b""
            return kept
        if self.broken is not None:
            return b""
        try:
            return self._stream.read(size)
        except (OSError, EOFError, zlib.error, ValueError) as error:
            self.broken = f"the file breaks off or is damaged here: {error}"
            return b""

    def lines(self) -> Iterator[bytes]:
        """Lines without their ends; one that is too long comes cut, one byte over the limit."""
        rest = b""
        while chunk := self.read(CHUNK):
            first, *more = chunk.split(b"\n")
            rest += first[: MOST + 1 - len(rest)]
            if more:
                yield rest
                yield from more[:-1]
                rest = more[-1]
        if rest:
            yield rest


def _uncompressed(name: str, raw: Any, head: bytes) -> IO[bytes]:
    if head.startswith(GZIP):
        packed: Any = gzip.GzipFile(fileobj=raw)
        unpacked: IO[bytes] = packed
        return unpacked
    if head.startswith(ZSTD):
        stream: IO[bytes] = _pyarrow(name, "zstd").CompressedInputStream(raw, "zstd")
        return stream
    plain: IO[bytes] = raw
    return plain


def _pyarrow(name: str, what: str) -> Any:
    try:
        import pyarrow  # the extra: nothing else needs it
    except ImportError as error:
        raise UnreadableError(
            f"{called(name)} is {what}, for which pyarrow is needed.",
            fix="Install it with `pip install 'headgate[parquet]'`.",
        ) from error
    return pyarrow


def _container(name: str, stream: _Buffered) -> Container:
    head = stream.head.removeprefix(b"\xef\xbb\xbf")
    start = head.lstrip()
    if not start:
        fault = f": {stream.broken}" if stream.broken else ""
        raise UnreadableError(
            f"{called(name)} holds nothing{fault}.", fix="Name a file with at least one row."
        )
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableError(f"{called(name)} is UTF-16.", fix=AS_UTF8.format("UTF-16"))
    if b"\0" in head:
        raise UnreadableError(
            f"{called(name)} is binary. Expected: JSON lines, JSON, CSV, Parquet or an SQLite "
            "ledger, plain or packed with gzip or zstd.",
            fix="Export the log in one of these forms.",
        )
    if start[:1] == b"[":
        return "json"
    if start[:1] == b"{":
        return "json" if _spread(start) else "jsonl"
    return "csv"


def _spread(start: bytes) -> bool:
    """One JSON document over many lines, as it is written for people."""
    first = start.split(b"\n", 1)[0].strip()
    return first == b"{" or (
        first.endswith((b"{", b"[", b",")) and re.match(rb"\{\s*\"", first) is not None
    )


def _rows(container: Container, stream: _Buffered) -> Iterator[Numbered]:
    last = 0
    rows = {"jsonl": _json_lines, "json": _json_document, "csv": _csv}[container](stream)
    for last, row in rows:
        yield last, row
    if stream.broken is not None:
        yield last + 1, Bad(stream.broken, "")


def _json_lines(stream: _Buffered) -> Iterator[Numbered]:
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    for number, line in enumerate(stream.lines(), 1):
        try:
            yield number, decode(line)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            bare = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if not bare.strip():
                continue
            if bare is not line:
                yield number, _decoded(decode, bare)
                continue
            yield number, Bad(_why(line, error), _plain(line))


def _decoded(decode: Callable[[bytes], dict[str, Any]], line: bytes) -> dict[str, Any] | Bad:
    try:
        return decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return Bad(_why(line, error), _plain(line))


def _why(line: bytes, error: Exception) -> str:
    if len(line) > MOST:
        return f"the row is longer than {MOST // 2**20} MiB"
    return f"no JSON object: {error}"


def _plain(line: bytes) -> str:
    return line[:CHUNK].decode("utf-8", "replace")


def _json_document(stream: _Buffered) -> Iterator[Numbered]:
    """The elements of a JSON array, or objects one after the other, however they are broken."""
    for number, value in enumerate(_json_values(stream), 1):
        if isinstance(value, Bad) or (isinstance(value, dict) and _is_text(value)):
            yield number, value
        elif isinstance(value, dict):
            yield number, Bad("it is not UTF-8", json.dumps(value))
        else:
            yield number, Bad(f"no JSON object but {json.dumps(value)[:40]}", json.dumps(value))


def _json_values(stream: _Buffered) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    letters = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
    text, at, wanted, ended = "", 0, 1, False
    while True:
        at = _skip(text, at)
        if at < len(text):
            try:
                value, end = decoder.raw_decode(text, at)
                # a number at the end of what was read may go on
                if ended or end < len(text):
                    yield value
                    at = end
                    continue
            except (json.JSONDecodeError, RecursionError) as error:
                if ended or len(text) - at > MOST:
                    yield Bad(f"the rest is no JSON: {error}", _shown(text[at : at + CHUNK]))
                    return
        if ended:
            return
        text, at = text[at:], 0
        wanted = max(wanted, len(text))
        more = _some(stream, wanted)
        ended = not more
        text += letters.decode(more, ended)


def _is_text(value: dict[str, Any]) -> bool:
    """Whether all texts within are whole; half of a surrogate pair is none."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _some(stream: _Buffered, wanted: int) -> bytes:
    """At least so many bytes, so that a long element is not tried again and again."""
    parts, size = [], 0
    while size < wanted and (part := stream.read(CHUNK)):
        parts.append(part)
        size += len(part)
    return b"".join(parts)


_BETWEEN = re.compile(r"[\s,\[\]]*")


def _skip(text: str, at: int) -> int:
    match = _BETWEEN.match(text, at)
    return at if match is None else match.end()


def _csv(stream: _Buffered) -> Iterator[Numbered]:
    csv.field_size_limit(MOST)
    first = stream.head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0]
    mark = max(",;\t", key=lambda sign: first.count(sign.encode()))

    lines = (line.decode("utf-8", "surrogateescape") + "\n" for line in stream.lines())
    reader = csv.reader(lines, delimiter=mark)
    names: list[str] = []
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.line_num, Bad(f"no CSV: {error}", "")
            continue
        if not names:
            names = [cell.strip().removeprefix("\ufeff") for cell in cells]
        elif cells:
            yield reader.line_num, _cells(names, cells, mark)


def _cells(names: list[str], cells: list[str], mark: str) -> dict[str, Any] | Bad:
    row = mark.join(cells)
    if len(cells) != len(names):
        return Bad(
            f"{counted(len(cells), 'field')} where the heading has {len(names)}", _shown(row)
        )
    if not row.isascii():
        try:
            row.encode()
        except UnicodeEncodeError:
            return Bad("it is not UTF-8", _shown(row))
    return {name: cell for name, cell in zip(names, cells, strict=True) if cell != ""}


def _shown(row: str) -> str:
    return row[:CHUNK].encode("utf-8", "replace").decode()


def _parquet(name: str, raw: Any) -> Iterator[Numbered]:
    if name == STDIN or not raw.seekable():
        where = "standard input" if name == STDIN else f"a pipe, as {name} is"
        raise UnreadableError(f"Parquet cannot be read from {where}.", fix="Name the file instead.")
    pyarrow = _pyarrow(name, "Parquet")
    import pyarrow.parquet as parquet

    try:
        file = parquet.ParquetFile(raw)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise _damaged(name, error) from error
    return _batches(file, (pyarrow.ArrowException, OSError, ValueError))


def _batches(file: Any, faults: tuple[type[Exception], ...]) -> Iterator[Numbered]:
    number = 0
    try:
        for batch in file.iter_batches(batch_size=BATCH):
            for row in batch.to_pylist():
                number += 1
                # pandas writes what is missing as NaN, the one value that is not equal to itself
                known = row.items()
                yield number, {key: x for key, x in known if x is not None and x == x}
    except faults as error:
        yield number + 1, Bad(f"the file is damaged from here on: {_line(error)}", "")


def _damaged(name: str, error: Exception) -> UnreadableError:
    return UnreadableError(
        f"{name} begins as Parquet and is none: {_line(error)}.", fix="Write or copy it again."
    )


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
