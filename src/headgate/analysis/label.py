"""Labels: which requests are answered and judged again, what that makes a row, and human grades."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any, NamedTuple

from headgate.analysis.judging import Verdict
from headgate.analysis.pairs import Pair
from headgate.analysis.questions import UnaskableError, question_of, transcript
from headgate.analysis.receipts import Receipt
from headgate.analysis.record import Record
from headgate.values import tokens_in, usd
from headgate.wire.neutral import Request

__all__ = [
    "SHEET",
    "Item",
    "Labelled",
    "Unlabelled",
    "first_is_cheap",
    "items_of",
    "row_of",
    "sheet_of",
    "sheet_pair",
]

SHEET = ("id", "request", "answer_1", "answer_2", "grade_1", "grade_2")
"""Columns of the sheet that humans fill in."""


class Item(NamedTuple):
    """A request to be answered by both tiers and judged."""

    id: str
    record: Record
    question: Request
    text: str
    """The request as the judge is shown it."""

    @property
    def tokens(self) -> int:
        """Of the request, estimated."""
        return tokens_in(self.text)


class Labelled(NamedTuple):
    """An item with both answers and what the judge says of them."""

    item: Item
    cheap: Receipt
    premium: Receipt
    verdict: Verdict


class Unlabelled(NamedTuple):
    """An item that came to nothing, and why."""

    item: Item
    reason: str


def items_of(records: Iterable[Record], most_tokens: int) -> tuple[list[Item], list[str]]:
    """The items of records, and the reasons of those that cannot be asked again.

    A record without an id of its own, or with one that another has too, gets one.
    """
    items: list[Item] = []
    reasons: list[str] = []
    seen: set[str] = set()
    for record in records:
        try:
            question = question_of(record, most_tokens)
        except UnaskableError as error:
            reasons.append(str(error))
            continue
        text = transcript(question)
        name = record.id or sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        unique, number = name, 1
        while unique in seen:
            number += 1
            unique = f"{name}#{number}"
        seen.add(unique)
        items.append(Item(unique, record, question, text))
    return items, reasons


def row_of(found: Labelled, judge: str, human: Pair | None = None) -> dict[str, Any]:
    """A graded row, as `headgate estimate`, `train` and the others read it; costs in USD."""
    record = found.item.record
    row: dict[str, Any] = {
        "id": found.item.id,
        "prompt": record.prompt,
        "system": record.system or None,
        "category": record.category or None,
        "route": record.route or None,
        "conversation": record.conversation or None,
        "time": record.time,
        "turns": record.turns,
        "tools": record.tools or len(found.item.question.tools),
        "json_schema": record.json_schema or found.item.question.format is not None,
        "input_tokens": found.cheap.input_tokens,
        "output_tokens": found.cheap.output_tokens,
        "cheap": found.verdict.grades.cheap,
        "premium": found.verdict.grades.premium,
        "cheap_usd": usd(found.cheap.nano),
        "premium_usd": usd(found.premium.nano),
        "human_cheap": None if human is None else human.cheap,
        "human_premium": None if human is None else human.premium,
        "judge": judge,
        "judge_swung": found.verdict.swung,
        "cheap_model": found.cheap.model,
        "premium_model": found.premium.model,
        "cheap_answer": found.cheap.text,
        "premium_answer": found.premium.text,
        "cheap_stop": found.cheap.stop,
        "premium_stop": found.premium.stop,
    }
    return {name: value for name, value in row.items() if value is not None}


def first_is_cheap(name: str) -> bool:
    """Which answer of an item a human is shown first: by its id, so that the sheet does not say."""
    return _digest(name) & 1 == 0


def _digest(name: str) -> int:
    digest = sha256(f"sheet\0{name}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8])


def sheet_of(found: Iterable[Labelled], number: int) -> Iterator[tuple[str, ...]]:
    """Rows for humans to grade, a random part of the labelled ones; neither model is named."""
    drawn = sorted(found, key=lambda one: _digest(one.item.id) >> 1)[:number]
    for one in drawn:
        answers = [one.cheap.text, one.premium.text]
        if not first_is_cheap(one.item.id):
            answers.reverse()
        cells = (one.item.id, one.item.text, *answers, "", "")
        yield tuple(_harmless(cell) for cell in cells)


def _harmless(cell: str) -> str:
    """A model may write what a spreadsheet would take for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def sheet_pair(name: str, first: float, second: float) -> Pair:
    """The grades of a row of the sheet."""
    return Pair(first, second) if first_is_cheap(name) else Pair(second, first)
