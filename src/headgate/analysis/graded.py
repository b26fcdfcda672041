"""Graded rows out of records, in whatever form the grades come: what is trained and tested on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from headgate.analysis.pairs import Halves, Names, Pair, human_of, pair_of, side_of
from headgate.analysis.record import Record
from headgate.analysis.rows import GradedRow
from headgate.routing.draft import Draft

__all__ = ["Graded"]

MOST_STRANGERS = 8

_T = TypeVar("_T", str, float, int)


class _Facts(msgspec.Struct, gc=False):
    """What the records of one request say of it, whichever comes first."""

    prompt: str = ""
    system: str = ""
    category: str = ""
    route: str = ""
    conversation: str = ""
    time: float | None = None
    tokens: int = 0
    turns: int = 1
    tools: int = 0
    images: int = 0
    json_schema: bool = False
    cheap_nano: int | None = None
    premium_nano: int | None = None
    draft: Draft | None = None


class Graded:
    """Graded rows, gathered from records; grows by a record and merges in any order.

    Rows of one model each are joined by their id. They are kept until the end, so that memory
    grows with them.

    Args:
        names: what the cheap and the premium one are called in records of one model and verdicts.
    """

    def __init__(self, names: Names = Names()) -> None:  # noqa: B008 - immutable
        self.names = names
        self.whole: list[GradedRow] = []
        self.halves = Halves(names)
        self.facts: dict[str, _Facts] = {}
        self.without_prompt = 0
        """Pairs that came in one record, without the request that they grade."""
        self.other = 0
        """Verdicts over other models, or over models that were not named."""
        self.strangers: set[str] = set()
        """Some models whose answers are graded and that go by neither name."""

    def add(self, record: Record) -> None:
        """Take what a record says of grades, or of a request that others grade."""
        pair = human_of(record) or pair_of(record, self.names)
        if pair is not None:
            if record.prompt:
                self.whole.append(_row(record.id, _facts(record, self.names), pair))
            else:
                self.without_prompt += 1
            return
        if record.winner is not None:
            self.other += 1
        elif record.id:
            if record.score is not None and side_of(record, self.names) is None:
                self._meet({record.model})
            self.halves.add(record)
            if record.prompt or side_of(record, self.names) is not None:
                self._learn(record.id, _facts(record, self.names))

    def _meet(self, models: set[str]) -> None:
        """The first ones by name, so that the order of merging does not count."""
        self.strangers = set(sorted((self.strangers | models) - {""})[:MOST_STRANGERS])

    def _learn(self, request: str, facts: _Facts) -> None:
        known = self.facts.get(request)
        self.facts[request] = facts if known is None else _joined(known, facts)

    def merge(self, other: Graded) -> Graded:
        """Both as one; neither is changed."""
        both = Graded(self.names)
        both.whole = self.whole + other.whole
        both.halves = self.halves.merge(other.halves)
        both.without_prompt = self.without_prompt + other.without_prompt
        both.other = self.other + other.other
        both._meet(self.strangers | other.strangers)
        for part in (self, other):
            for request, facts in part.facts.items():
                both._learn(request, facts)
        return both

    def rows(self) -> list[GradedRow]:
        """Every request whose text and both grades are known: as they came, then those joined."""
        return [*self.whole, *self._joined_rows(lambda facts: bool(facts.prompt))]

    @property
    def bare(self) -> int:
        """Requests with both grades and no text."""
        return self.without_prompt + len(self._joined_rows(lambda facts: not facts.prompt))

    def _joined_rows(self, wanted: Callable[[_Facts], bool]) -> list[GradedRow]:
        found = sorted(self.halves.pairs())
        facts = [(request, self.facts.get(request, _Facts()), pair) for request, pair in found]
        return [_row(*one) for one in facts if wanted(one[1])]


def _facts(record: Record, names: Names) -> _Facts:
    side = side_of(record, names)
    usage = record.usage
    return _Facts(
        prompt=record.prompt,
        system=record.system,
        category=record.category,
        route=record.route,
        conversation=record.conversation,
        time=record.time,
        tokens=0 if usage is None else usage.total_input,
        turns=record.turns,
        tools=record.tools,
        images=record.images,
        json_schema=record.json_schema,
        cheap_nano=record.cost_nano if side == "cheap" else record.cheap_nano,
        premium_nano=record.cost_nano if side == "premium" else record.premium_nano,
        draft=None if side == "premium" else record.draft,
    )


def _joined(one: _Facts, other: _Facts) -> _Facts:
    """What both say; of two texts, times or costs the lesser counts, of two numbers the greater."""
    return _Facts(
        prompt=_lesser(one.prompt, other.prompt) or "",
        system=_lesser(one.system, other.system) or "",
        category=_lesser(one.category, other.category) or "",
        route=_lesser(one.route, other.route) or "",
        conversation=_lesser(one.conversation, other.conversation) or "",
        time=_lesser(one.time, other.time),
        tokens=max(one.tokens, other.tokens),
        turns=max(one.turns, other.turns),
        tools=max(one.tools, other.tools),
        images=max(one.images, other.images),
        json_schema=one.json_schema or other.json_schema,
        cheap_nano=_lesser(one.cheap_nano, other.cheap_nano),
        premium_nano=_lesser(one.premium_nano, other.premium_nano),
        draft=min((d for d in (one.draft, other.draft) if d), key=repr, default=None),
    )


def _lesser(one: _T | None, other: _T | None) -> _T | None:
    known = [value for value in (one, other) if value is not None and value != ""]
    return min(known, default=None)


def _row(request: str, facts: _Facts, pair: Pair) -> GradedRow:
    told = msgspec.structs.asdict(facts)
    return GradedRow(id=request, cheap=pair.cheap, premium=pair.premium, **told)
