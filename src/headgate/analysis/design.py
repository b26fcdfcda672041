"""Graded rows as numbers: the vocabulary they share, and one sparse matrix for all kinds of it."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple, TypeVar

import numpy as np
import scipy.sparse as sp

from headgate.analysis.rows import GradedRow
from headgate.routing.features import Request, traits
from headgate.routing.features import words as words_in
from headgate.routing.ngrams import Buckets, buckets
from headgate.routing.table import Table

__all__ = ["Block", "Design", "Weights", "request_of"]

MIN_ROWS = 3
"""An n-gram that fewer rows hold is left out: it tells nothing, and might be somebody's name."""
MIN_TRAIT_ROWS = 5
MOST = {"words": 20_000, "pairs": 30_000}
COUNTED = 40_000
"""Rows that the vocabulary is counted on. More would not change which n-grams are the commonest."""
TRAIT_SHARE = 0.2
"""Length of one trait of shape; some twenty hold for a row, and together they weigh as one block.
Category, route, system prompt and what a draft shows weigh 1 each."""
WHOLE = ("category=", "route=", "system=", "draft ")

_Key = TypeVar("_Key", int, str)


def request_of(row: GradedRow) -> Request:
    """The row's request as the gateway would have seen it."""
    return Request(
        text=row.prompt,
        system=row.system,
        category=row.category,
        route=row.route,
        tokens=row.tokens,
        turns=row.turns,
        tools=row.tools,
        images=row.images,
        json_schema=row.json_schema,
        draft=row.draft,
    )


class Block:
    """One kind of n-gram: the buckets that are kept, and what a coefficient is multiplied with.

    An entry is idf / √(distinct known buckets of the row) / scale, where `scale` makes the mean
    square of a row's length 1. A router keeps coefficient · idf / scale as the bucket's weight.
    """

    def __init__(self, kind: Callable[[Buckets], Sequence[int]], most: int) -> None:
        self.kind = kind
        self.most = most
        self.index: dict[int, int] = {}
        self.factors = np.zeros(0)
        self._seen: Counter[int] = Counter()

    def count(self, said: Buckets) -> None:
        """First pass: in how many rows each bucket occurs."""
        self._seen.update(set(self.kind(said)))

    def settle(self, rows: int) -> None:
        """Between the passes: keep what is frequent enough; ties in order of first occurrence."""
        del self._seen[0]
        kept = [(key, n) for key, n in self._seen.most_common(self.most) if n >= MIN_ROWS]
        self.index = {key: at for at, (key, _) in enumerate(kept)}
        self.factors = np.log(rows / np.array([n for _, n in kept], dtype=float)) + 1
        self._seen.clear()

    def matrix(self, rows: Iterable[Buckets]) -> sp.csr_matrix:
        """Second pass: the rows against the settled vocabulary, before `scale`."""
        columns, ends = array("i"), array("q", [0])
        for said in rows:
            known = map(self.index.get, dict.fromkeys(self.kind(said)))
            columns.extend([column for column in known if column is not None])
            ends.append(len(columns))
        at = np.frombuffer(ends, dtype=np.int64)
        lengths = np.maximum(np.diff(at), 1)
        columns_ = np.frombuffer(columns, dtype=np.int32) if columns else np.zeros(0, np.int32)
        values = np.repeat(1 / np.sqrt(lengths), np.diff(at)) * self.factors[columns_]
        matrix = sp.csr_matrix(
            (values.astype(np.float32), columns_, at), shape=(len(at) - 1, len(self.index))
        )
        matrix.sort_indices()
        return matrix


class Weights(NamedTuple):
    """The weight of every feature, as a router keeps them."""

    words: Table
    pairs: Table
    traits: dict[str, float]


class Design:
    """What is learned of the training rows before any fit, and the matrices of any rows."""

    def __init__(self, rows: Sequence[GradedRow]) -> None:
        self.words = Block(attrgetter("words"), MOST["words"])
        self.pairs = Block(attrgetter("pairs"), MOST["pairs"])
        self._blocks = (self.words, self.pairs)
        seen: Counter[str] = Counter()
        counted = _thinned(rows)
        for request, found in _read(counted):
            said = buckets(found)
            for block in self._blocks:
                block.count(said)
            seen.update(set(traits(request, len(found))))
        blocks = []
        for block in self._blocks:
            block.settle(len(counted))
            blocks.append(block.matrix(_said(rows)))
            scale = float(np.sqrt(blocks[-1].power(2).sum() / max(1, len(rows)))) or 1.0
            block.factors /= scale
            blocks[-1] /= scale
        # what holds for every row tells nothing
        kept = [name for name, n in seen.items() if MIN_TRAIT_ROWS <= n < len(counted)]
        self.traits = {name: at for at, name in enumerate(kept)}
        self.trait_factors = np.array(
            [1.0 if name.startswith(WHOLE) else TRAIT_SHARE for name in kept]
        )
        self.training = _joined([*blocks, self._trait_matrix(rows)])
        """`matrix` of the rows that the design was made from."""

    def matrix(self, rows: Sequence[GradedRow]) -> sp.csr_matrix:
        """One line a row; columns are words, pairs and traits, in this order."""
        blocks = [block.matrix(_said(rows)) for block in self._blocks]
        return _joined([*blocks, self._trait_matrix(rows)])

    def _trait_matrix(self, rows: Sequence[GradedRow]) -> sp.csr_matrix:
        columns: list[int] = []
        ends = [0]
        for request, found in _read(rows):
            known = map(self.traits.get, traits(request, len(found)))
            columns.extend(column for column in known if column is not None)
            ends.append(len(columns))
        values = self.trait_factors[columns] if columns else np.zeros(0)
        return sp.csr_matrix((values, columns, ends), shape=(len(ends) - 1, len(self.traits)))

    def weights(self, coefficients: np.ndarray) -> Weights:
        """What a router keeps, from a coefficient for each column of `matrix`."""
        ends = np.cumsum([len(block.index) for block in self._blocks])
        *texts, last = np.split(coefficients, ends)
        words, pairs = (
            Table.of(_named(block.index, part * block.factors))
            for block, part in zip(self._blocks, texts, strict=True)
        )
        return Weights(words, pairs, _named(self.traits, last * self.trait_factors))


def _thinned(rows: Sequence[GradedRow]) -> Sequence[GradedRow]:
    """The rows, or as many of them as are counted, drawn alike every time, in their order."""
    if len(rows) <= COUNTED:
        return rows
    drawn = np.random.default_rng(0).choice(len(rows), COUNTED, replace=False)
    return [rows[at] for at in np.sort(drawn).tolist()]


def _joined(blocks: Sequence[sp.csr_matrix]) -> sp.csr_matrix:
    return sp.hstack(blocks, format="csr", dtype=np.float32)


def _named(index: dict[_Key, int], values: np.ndarray) -> dict[_Key, float]:
    return dict(zip(index, values.tolist(), strict=True))


def _said(rows: Sequence[GradedRow]) -> Iterator[Buckets]:
    return (buckets(found) for _, found in _read(rows))


def _read(rows: Sequence[GradedRow]) -> Iterator[tuple[Request, list[bytes]]]:
    for row in rows:
        request = request_of(row)
        yield request, words_in(request.text)
