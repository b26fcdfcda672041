"""The reader: goes through files, counts what is taken, passed over and rejected."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import chain

from headgate.analysis.readers.columns import FIELDS, Columns, field_of
from headgate.analysis.readers.formats import FORMATS, LEDGER, Format, detect
from headgate.analysis.readers.source import (
    AS_UTF8,
    Bad,
    Numbered,
    Source,
    UnreadableError,
    called,
    open_source,
)
from headgate.analysis.record import MalformedError, Record, Reject
from headgate.errors import HeadgateError
from headgate.ledger.entry import Entry
from headgate.ledger.url import open_store

__all__ = ["Reader"]

LOOKED_AT = 20
"""Rows that are looked at to tell the form."""
MOST_REASONS = 100
MOST_SHOWN = 12


class Reader:
    """Reads files one after the other; `taken`, `passed` and `rejected` count their rows.

    Args:
        names: files as `expand` gives them.
        form: name of the form; None: told by each file's first rows.
        mapping: the columns of fields that are called otherwise, by field or any of its names;
            nested ones with dots.
        rejects: called with every row that is not taken.
    """

    def __init__(
        self,
        names: list[str],
        *,
        form: str | None = None,
        mapping: Mapping[str, str] | None = None,
        rejects: Callable[[Reject], None] | None = None,
    ) -> None:
        self.names = names
        self.form = form
        self.mapping = _by_field(mapping or {})
        self.taken = 0
        self.passed = 0
        """Rows that are whole and no model call: spans, embeddings."""
        self.rejected = 0
        self.reasons: dict[str, int] = {}
        """How often each reason was given; further ones are counted under `other reasons`."""
        self.first: Reject | None = None
        """The first row that was not taken."""
        self.forms: dict[str, str] = {}
        """The form of each file, by its name."""
        self.unread: dict[str, None] = {}
        """Columns by whose names nobody knows what they hold, in their order."""
        self.position = 0
        """Bytes of the files read so far, packed as they lie."""
        self._rejects = rejects
        self._never = set(self.mapping.values())
        if form is not None and form != LEDGER and form not in FORMATS:
            raise UnreadableError(
                f"There is no form {form!r}.", fix=f"Choose among {', '.join([*FORMATS, LEDGER])}."
            )

    def records(self) -> Iterator[Record]:
        """Every record of every file.

        Raises:
            UnreadableError: a file is of no known form, or not of the one that was stated.
        """
        done = 0
        for name in self.names:
            source = open_source(name)
            is_ledger = source.container == "sqlite"
            try:
                yield from self._ledger(name) if is_ledger else self._rows(source, done)
            finally:
                source.close()
            done += source.size
            self.position = done
        if self._never:
            raise UnreadableError(
                f"No file has a column `{min(self._never)}`.",
                fix="Check the columns that --map names.",
            )

    def _rows(self, source: Source, done: int) -> Iterator[Record]:
        head, rows = _head(source.rows)
        form = self._form(source, head)
        self.forms[source.name] = form.name
        if form.name == "columns":
            self._note_unread(head)
        convert, recognises, strict = form.records, form.recognises, form.name != "columns"
        for number, row in chain(head, rows):
            if not number & 1023:
                self.position = done + source.position()
            if isinstance(row, Bad):
                self._reject(source.name, number, row.reason, row.row)
                continue
            try:
                if strict and not recognises(row):
                    raise MalformedError(f"no row of the form {form.name}: it has {form.expects}")
                found = convert(row)
            except MalformedError as error:
                self._reject(source.name, number, str(error), _text(row))
                continue
            if found:
                self.taken += len(found)
                yield from found
            else:
                self.passed += 1

    def _note_unread(self, head: list[Numbered]) -> None:
        asked = self.mapping.values()
        mapped = {*asked, *(name.partition(".")[0] for name in asked)}
        for _, row in head:
            names = () if isinstance(row, Bad) else row
            for name in names:
                if name and name not in mapped and field_of(name) is None:
                    self.unread[name] = None

    def _form(self, source: Source, head: list[Numbered]) -> Format:
        rows = [row for _, row in head if not isinstance(row, Bad)]
        if head and not rows:
            raise _unreadable(source.name, head)
        found: Format | None
        if self.mapping:
            columns = Columns(self.mapping)
            known = FORMATS[self.form] if self.form in ("outcomes", "columns") else None
            if self.form is not None and known is None:
                raise UnreadableError(
                    f"Columns cannot be mapped where the form is {self.form}.",
                    fix="Leave out --format or --map.",
                )
            expects = f"a column {' or '.join(f'`{name}`' for name in columns.asked)}"
            form = Format("columns", expects, columns.recognises, columns.records)
            absent = [name for name in columns.asked if not _has(rows, name)]
            self._never.intersection_update(absent)
            # of several files one may hold the prompts and another the grades
            missing = absent if len(self.names) == 1 else []
            found = None if missing else form if any(map(form.recognises, rows)) else None
            expects = f"a column `{missing[0]}`" if missing else expects
        elif self.form is not None:
            if self.form == LEDGER:
                raise UnreadableError(
                    f"{source.name} is no ledger. Expected: an SQLite file that `headgate serve` "
                    f"wrote; found: {source.container}.",
                    fix="Leave out --format, or name the ledger.",
                )
            form = FORMATS[self.form]
            found, expects = (form if any(map(form.recognises, rows)) else None), form.expects
        else:
            found, expects = detect(rows), _any_of_them()
        if found is None:
            raise UnreadableError(
                f"{called(source.name)} has another shape. Expected: {expects}; "
                f"found: {_shape(rows)}.",
                fix="Name the columns with --map prompt=COLUMN,..., or the form with --format.",
            )
        return found

    def _ledger(self, name: str) -> Iterator[Record]:
        if self.form not in (None, LEDGER):
            raise UnreadableError(
                f"{name} is an SQLite file. Expected: {FORMATS[str(self.form)].expects}.",
                fix="Leave out --format.",
            )
        self.forms[name] = LEDGER
        try:
            store = open_store(f"sqlite:///{name}", create=False)
            try:
                for entry in store.entries():
                    if entry.purpose != "answer":
                        self.passed += 1
                        continue
                    self.taken += 1
                    yield _of_entry(entry)
            finally:
                store.close()
        except UnreadableError:
            raise
        except HeadgateError as error:
            raise UnreadableError(
                f"{name} is no ledger that can be read: {error.message}", fix=error.fix
            ) from error

    def _reject(self, file: str, line: int, reason: str, row: str) -> None:
        self.rejected += 1
        known = reason in self.reasons or len(self.reasons) < MOST_REASONS
        key = reason if known else "other reasons"
        self.reasons[key] = self.reasons.get(key, 0) + 1
        reject = Reject(file, line, reason, row)
        if self.first is None:
            self.first = reject
        if self._rejects is not None:
            self._rejects(reject)


def _by_field(mapping: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for name, column in mapping.items():
        field = field_of(name)
        if field is None:
            raise UnreadableError(
                f"There is no field {name!r} to map a column to.",
                fix=f"Choose among {', '.join(FIELDS)}.",
            )
        found[field] = column
    return found


def _head(rows: Iterator[Numbered]) -> tuple[list[Numbered], Iterator[Numbered]]:
    """The first rows, at least one that is whole if there is any among the first thousand."""
    head: list[Numbered] = []
    whole = 0
    for row in rows:
        head.append(row)
        whole += not isinstance(row[1], Bad)
        if whole >= LOOKED_AT or len(head) >= 1000:
            break
    return head, rows


def _has(rows: list[dict[str, object]], name: str) -> bool:
    return any(name in row or name.split(".")[0] in row for row in rows)


def _any_of_them() -> str:
    return "; or ".join(f"{form.expects} ({form.name})" for form in FORMATS.values())


def _unreadable(name: str, head: list[Numbered]) -> UnreadableError:
    """Not one of the first rows is whole: what is wrong with the first of them says it."""
    line, first = head[0]
    reason = first.reason if isinstance(first, Bad) else ""
    fix = "Look at that line; expected are JSON lines, JSON, CSV with a heading, or Parquet."
    if "utf-8" in reason.lower():
        fix = AS_UTF8.format("LATIN1")
    what = "Its one row" if len(head) == 1 else f"None of its first {len(head):,} rows"
    verb = "cannot" if len(head) == 1 else "can"
    return UnreadableError(
        f"{called(name)}: {what} {verb} be read. Line {line}: {reason}.", fix=fix
    )


def _shape(rows: list[dict[str, object]]) -> str:
    """What the rows look like, by the keys of the first; values may be secret."""
    if not rows:
        return "a heading without rows, or nothing"
    names = [f"`{_whole(name[:40])}`" for name in rows[0]][:MOST_SHOWN]
    return f"rows with {', '.join(names)}" if names else "rows without any column"


def _text(row: object) -> str:
    return _whole(json.dumps(row, ensure_ascii=False, default=str))


def _whole(text: str) -> str:
    """The text as UTF-8 can hold it; a byte that was none is a question mark."""
    return text.encode("utf-8", "replace").decode()


def _of_entry(entry: Entry) -> Record:
    return Record(
        id=entry.request_id,
        model=f"{entry.provider}/{entry.model_answered or entry.model_asked}",
        time=entry.at_us / 1e6,
        usage=None if entry.usage_source == "none" else entry.usage,
        cost_nano=entry.cost_nano,
        tier=entry.tier if entry.served else "",
        category=entry.category or "",
        route=entry.route,
        conversation=entry.session or "",
        failed=entry.error is not None,
        retry=entry.cause != "first",
    )
