"""Pairs of grades: which records grade the cheap and the premium answer, and how halves are joined.

The grades of both answers come in one record, as a verdict over both, or as a record a model. A
record may also be a user's feedback: a grade of whatever answered, told by another record of the
same request.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from headgate.analysis.record import Record

__all__ = ["Halves", "Names", "Pair", "Side", "human_of", "pair_of", "side_of"]

Side: TypeAlias = Literal["cheap", "premium"]

_VERDICTS = {"a": (1.0, 0.0), "b": (0.0, 1.0), "tie": (1.0, 1.0), "neither": (0.0, 0.0)}


class Pair(NamedTuple):
    """The grades of the cheap and the premium answer, 0..1."""

    cheap: float
    premium: float


class Names(NamedTuple):
    """How records name the cheap and the premium one: a model, or a tier."""

    cheap: str = "cheap"
    premium: str = "premium"


def side_of(record: Record, names: Names) -> Side | None:
    """Whose answer the record tells of; None where it is neither's, or not told."""
    if names.cheap in (record.model, record.tier):
        return "cheap"
    return "premium" if names.premium in (record.model, record.tier) else None


def pair_of(record: Record, names: Names) -> Pair | None:
    """Both grades, where the record has them or a verdict over just these two models.

    The winner of a verdict counts 1 and the loser 0: what is known is which answer was preferred,
    not whether the other would have done. A tie counts 1 for both, `neither` 0.
    """
    if record.cheap is not None and record.premium is not None:
        return Pair(record.cheap, record.premium)
    if record.winner is not None:
        first, second = _VERDICTS[record.winner]
        if (record.model_a, record.model_b) == names:
            return Pair(first, second)
        if (record.model_b, record.model_a) == names:
            return Pair(second, first)
    return None


def human_of(record: Record) -> Pair | None:
    """Both grades by a human, where the record has them beside a judge's."""
    if record.human_cheap is None or record.human_premium is None:
        return None
    return Pair(record.human_cheap, record.human_premium)


class Halves:
    """Grades of single answers, joined by the request's id; merges in any order.

    Where one answer is graded twice the lower grade counts, whichever came first.
    """

    def __init__(self, names: Names) -> None:
        self.names = names
        self.scores: dict[tuple[str, Side], float] = {}
        self.feedback: dict[str, float] = {}
        """Grades by id of answers whose record does not say which tier gave them."""
        self.answered: dict[str, Side] = {}
        """Which tier answered, by id, of records without a grade."""

    def add(self, record: Record) -> None:
        """Take the grade of a record that has an id, or whose answer it was."""
        if not record.id:
            return
        side = side_of(record, self.names)
        if record.score is None:
            if side is not None:
                self._answer(record.id, side)
        elif side is not None:
            self._score((record.id, side), record.score)
        elif not record.model and not record.tier:
            self._feedback(record.id, record.score)

    def _score(self, key: tuple[str, Side], score: float) -> None:
        self.scores[key] = min(score, self.scores.get(key, 1.0))

    def _feedback(self, request: str, score: float) -> None:
        self.feedback[request] = min(score, self.feedback.get(request, 1.0))

    def _answer(self, request: str, side: Side) -> None:
        """The premium one where both answered: it is what the user saw in the end."""
        self.answered[request] = max(side, self.answered.get(request, side))

    def merge(self, other: Halves) -> Halves:
        """Both as one; neither is changed."""
        both = Halves(self.names)
        for part in (self, other):
            for key, score in part.scores.items():
                both._score(key, score)
            for request, score in part.feedback.items():
                both._feedback(request, score)
            for request, side in part.answered.items():
                both._answer(request, side)
        return both

    def joined(self) -> dict[tuple[str, Side], float]:
        """Every grade whose side is known, feedback among them."""
        scores = dict(self.scores)
        for request, score in self.feedback.items():
            side = self.answered.get(request)
            if side is not None:
                key = (request, side)
                scores[key] = min(score, scores.get(key, 1.0))
        return scores

    def pairs(self) -> Iterator[tuple[str, Pair]]:
        """The requests that have both grades, by id."""
        scores = self.joined()
        for (request, side), cheap in scores.items():
            if side == "cheap" and (request, "premium") in scores:
                yield request, Pair(cheap, scores[request, "premium"])

    @property
    def single(self) -> int:
        """Requests of which one answer alone is graded, or nobody knows whose it was."""
        scores = self.joined()
        ids = {request for request, _ in scores} | set(self.feedback)
        return sum(
            not ((request, "cheap") in scores and (request, "premium") in scores) for request in ids
        )
