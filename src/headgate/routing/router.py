"""The learned router: a frozen linear model of a request, and a calibrated probability from it."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from itertools import repeat
from math import hypot, isfinite, sqrt
from operator import add, mul
from typing import Literal, NamedTuple

from headgate.routing.features import (
    LETTERS,
    SHAPES,
    SIGNS,
    Request,
    beyond,
    ends,
    named,
    shape,
    system_name,
    traits,
    whole,
    words,
)
from headgate.routing.ngrams import SIZES, buckets, sums, weighed
from headgate.routing.table import Table

__all__ = ["NOTHING", "Calibration", "CostModel", "Head", "Reason", "Router"]

NOTHING = Table(1.0, b"")
"""Of a router that knows no n-gram of a kind."""


class Calibration(NamedTuple):
    """A rising line through knots: the raw gain at each, and the probability there."""

    gains: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __call__(self, gain: float) -> float:
        """The probability at a gain; beyond the knots that of the nearest."""
        return _height(self.gains, self.probabilities, gain)


def _height(gains: Sequence[float], heights: Sequence[float], gain: float) -> float:
    right = bisect_right(gains, gain)
    if right == 0:
        return heights[0]
    if right == len(gains):
        return heights[-1]
    left = right - 1
    along = (gain - gains[left]) / (gains[right] - gains[left])
    return heights[left] + along * (heights[right] - heights[left])


class CostModel(NamedTuple):
    """Expected cost of one answer in nano-USD: a part for every call and a part for every token."""

    fixed: float
    per_token: float

    def __call__(self, tokens: int) -> int:
        """Nano-USD for a request of so many input tokens; never below nothing."""
        return max(0, round(self.fixed + self.per_token * tokens))


class Head(NamedTuple):
    """What a router makes of a request's embedding: a weight for each number of it.

    `model` is `provider/model` where an endpoint makes the embedding, `module:callable` where code
    at hand does. The embedding's length does not count: it is brought to 1.
    """

    model: str
    source: Literal["endpoint", "local"]
    weights: tuple[float, ...]

    def __call__(self, vector: Sequence[float]) -> float:
        """The part in the gain.

        Raises:
            ValueError: the embedding has another number of dimensions, or no finite part.
        """
        if len(vector) != len(self.weights):
            raise ValueError(f"{self.model} makes {len(self.weights)} numbers, not {len(vector)}")
        part: float = sum(map(mul, self.weights, vector)) / (hypot(*vector) or 1.0)
        if not isfinite(part):
            raise ValueError(f"an embedding by {self.model} is beyond all measure")
        return part


class Reason(NamedTuple):
    """One feature, and how much it moved the expected gain of premium over cheap."""

    kind: str
    name: str
    gain: float


class Router:
    """Predicts what premium would gain on a request over cheap.

    The gain is a sum: `bias`, the weight of every trait that holds, and for words and for pairs
    the sum of the known ones' weights over the root of their number, so that long texts do not
    shout. What a text repeats counts once. The score is the calibrated probability
    that premium is right and cheap is wrong; it rises with the gain.

    A router with a `head` was trained with embeddings, and needs one for each request it scores.
    """

    __slots__ = (
        "_categories",
        "_gains",
        "_heights",
        "_known",
        "_routes",
        "_shapes",
        "_systems",
        "bias",
        "calibration",
        "cheap_cost",
        "head",
        "pairs",
        "premium_cost",
        "traits",
        "words",
    )

    def __init__(
        self,
        *,
        bias: float,
        words: Table = NOTHING,
        pairs: Table = NOTHING,
        traits: Mapping[str, float],
        calibration: Calibration,
        cheap_cost: CostModel | None = None,
        premium_cost: CostModel | None = None,
        head: Head | None = None,
    ) -> None:
        self.bias = bias
        self.words, self.pairs = words, pairs
        self.traits = dict(traits)
        self._shapes = _shapes(traits)
        sizes = array(
            "d", (weights.get(size, 0.0) for weights in self._shapes for size in range(SIZES))
        ).tobytes()
        self._known = (LETTERS, words.bytes, words.scale, pairs.bytes, pairs.scale, SIGNS, sizes)
        self._categories, self._routes, self._systems = (
            _of_kind(kind, traits) for kind in ("category=", "route=", "system=")
        )
        self.calibration = calibration
        self._gains, self._heights = calibration  # what has names is taken apart in more steps
        self.cheap_cost = cheap_cost
        self.premium_cost = premium_cost
        self.head = head

    def gain(self, request: Request, vector: Sequence[float] = ()) -> float:
        """The expected score of the premium answer less that of the cheap one, −1 to 1 or so.

        Args:
            request: what is known of it.
            vector: the embedding of its `excerpt`, for a router with a head.

        Raises:
            ValueError: the router has a head, and the embedding does not fit it.
        """
        gain = self.text_gain(request)
        return gain if self.head is None else gain + self.head(vector)

    def text_gain(self, request: Request) -> float:
        """The gain without the embedding's part."""
        text = ends(request.text)
        if text.isascii():
            raw: str | bytes = text
            parted: str | bytes = text
        else:
            raw, parted = text.encode(errors="replace"), beyond(text)
        base = self.bias + self._belonging(request)
        gain = weighed(
            raw,
            parted,
            self._known,
            base,
            len(request.text),
            request.tokens,
            request.turns,
            request.tools,
            request.images,
            request.json_schema,
        )
        return self._in_steps(request, base, raw, parted) if gain is None else gain

    def _belonging(self, request: Request) -> float:
        """The weights of what a request belongs to; their names are made for a draft alone."""
        if request.draft is not None:
            return reduce(add, map(self.traits.get, whole(request), _ZEROS), 0.0)
        gain = self._categories.get(request.category, 0.0) + self._routes.get(request.route, 0.0)
        if self._systems:  # else which prompt it is need not be known
            gain += self._systems.get(system_name(request.system), 0.0)
        return gain

    def _in_steps(self, request: Request, base: float, *texts: str | bytes) -> float:
        """What `weighed` means: one after the other, as the compiled form does."""
        raw, parted = (one.encode() if isinstance(one, str) else one for one in texts)
        words, pairs = self.words, self.pairs
        said, known_words, word_steps, known_pairs, pair_steps = sums(
            parted, LETTERS, words.bytes, pairs.bytes
        )
        numbers = shape(request, raw, said)
        gain = base + reduce(add, map(dict.get, self._shapes, numbers, _ZEROS), 0.0)
        return gain + (words.part(known_words, word_steps) + pairs.part(known_pairs, pair_steps))

    def score(self, request: Request, vector: Sequence[float] = ()) -> float:
        """P(premium right and cheap wrong), 0 to 1; `vector` and errors as for `gain`."""
        gain = self.text_gain(request)
        if self.head is not None:
            gain += self.head(vector)
        return _height(self._gains, self._heights, gain)

    def reasons(self, request: Request, vector: Sequence[float] = ()) -> list[Reason]:
        """Every known feature of a request with its part in the gain, the strongest first.

        The embedding is one of them: its numbers mean nothing by themselves.
        """
        found = words(request.text)
        reasons = [
            Reason("trait", name, self.traits[name])
            for name in traits(request, len(found))
            if name in self.traits
        ]
        said, (spoken, pairs) = buckets(found), named(request.text)
        reasons += _parts("word", self.words, zip(said.words, spoken, strict=True))
        reasons += _parts("pair", self.pairs, zip(said.pairs, pairs, strict=True))
        if self.head is not None:
            reasons.append(Reason("embedding", self.head.model, self.head(vector)))
        return sorted(reasons, key=lambda reason: (-abs(reason.gain), reason.name))


def _parts(kind: str, table: Table, named: Iterable[tuple[int, str]]) -> list[Reason]:
    """One reason for each known bucket, called by what the text has in it."""
    weights = table.weights
    # what falls into one bucket counts once, and is named by what comes first
    known = {bucket: name for bucket, name in reversed(list(named)) if bucket in weights}
    root = sqrt(len(known))
    return [Reason(kind, name, weights[bucket] / root) for bucket, name in known.items()]


_ZEROS = repeat(0.0)


def _of_kind(kind: str, traits: Mapping[str, float]) -> dict[str, float]:
    """The weights of the traits whose names begin with a kind, by what follows it."""
    return {
        name.removeprefix(kind): weight for name, weight in traits.items() if name.startswith(kind)
    }


def _shapes(traits: Mapping[str, float]) -> tuple[dict[int, float], ...]:
    """The weights of each number of a shape: what is looked up by number needs no name made."""
    found: tuple[dict[int, float], ...] = tuple({} for _ in SHAPES)
    for name, weight in traits.items():
        for kind, weights in zip(SHAPES, found, strict=True):
            value = name.removeprefix(kind)
            if value != name and value.isascii() and value.isdecimal() and len(value) < 5:
                weights[int(value)] = weight
    return found
