"""The learned router: a frozen linear model of a request, and a calibrated probability from it."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import hypot, isfinite, sqrt
from operator import mul
from typing import Literal, NamedTuple, TypeVar

from headgate.routing.features import Request, grams, pairs, traits, words

__all__ = ["Calibration", "CostModel", "Head", "Reason", "Router"]


_Key = TypeVar("_Key")


class Calibration(NamedTuple):
    """A rising line through knots: the raw gain at each, and the probability there."""

    gains: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __call__(self, gain: float) -> float:
        """The probability at a gain; beyond the knots that of the nearest."""
        gains, heights = self
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

    The gain is a sum: `bias`, the weight of every trait that holds, and for words, pairs and
    letter groups the sum of the known ones' weights over the root of their number, so that long
    texts do not shout. What a text repeats counts once, except with `repeats`, as routers of
    version 1 were trained. The score is the calibrated probability that premium is right and cheap
    is wrong; it rises with the gain.

    A router with a `head` was trained with embeddings, and needs one for each request it scores.
    """

    __slots__ = (
        "bias",
        "calibration",
        "cheap_cost",
        "grams",
        "head",
        "pairs",
        "premium_cost",
        "repeats",
        "traits",
        "words",
    )

    def __init__(
        self,
        *,
        bias: float,
        words: Mapping[bytes, float],
        pairs: Mapping[tuple[bytes, bytes], float],
        grams: Mapping[int, float],
        traits: Mapping[str, float],
        calibration: Calibration,
        cheap_cost: CostModel | None = None,
        premium_cost: CostModel | None = None,
        repeats: bool = False,
        head: Head | None = None,
    ) -> None:
        self.bias = bias
        self.words, self.pairs, self.grams = dict(words), dict(pairs), dict(grams)
        self.traits = dict(traits)
        self.calibration = calibration
        self.cheap_cost = cheap_cost
        self.premium_cost = premium_cost
        self.repeats = repeats
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
        found = words(request.text)
        gain = self.bias
        trait = self.traits.get
        for name in traits(request, found):
            gain += trait(name, 0.0)
        # not a set: what floats sum up to depends on their order, which must not vary
        once = iter if self.repeats else dict.fromkeys
        gain += _pooled(map(self.words.get, once(found)))
        gain += _pooled(map(self.pairs.get, once(pairs(found))))
        gain += _pooled(map(self.grams.get, once(grams(found))))
        return gain

    def score(self, request: Request, vector: Sequence[float] = ()) -> float:
        """P(premium right and cheap wrong), 0 to 1; `vector` and errors as for `gain`."""
        return self.calibration(self.gain(request, vector))

    def reasons(self, request: Request, vector: Sequence[float] = ()) -> list[Reason]:
        """Every known feature of a request with its part in the gain, the strongest first.

        The embedding is one of them: its numbers mean nothing by themselves.
        """
        found = words(request.text)
        reasons = [
            Reason("trait", name, self.traits[name])
            for name in traits(request, found)
            if name in self.traits
        ]
        once = iter if self.repeats else dict.fromkeys
        reasons += _parts("word", self.words, once(found), lambda word: _readable([word]))
        reasons += _parts("pair", self.pairs, once(pairs(found)), _readable)
        reasons += _parts("letters", self.grams, once(grams(found)), _letters)
        if self.head is not None:
            reasons.append(Reason("embedding", self.head.model, self.head(vector)))
        return sorted(reasons, key=lambda reason: (-abs(reason.gain), reason.name))


def _pooled(weights: Iterable[float | None]) -> float:
    # no known feature has a weight of zero, so `filter` drops exactly the unknown
    known = list(filter(None, weights))
    return sum(known) / sqrt(len(known)) if known else 0.0


def _parts(
    kind: str, weights: Mapping[_Key, float], keys: Iterable[_Key], name: Callable[[_Key], str]
) -> Iterator[Reason]:
    """One reason for each distinct known feature, however often it occurs."""
    counts = Counter(key for key in keys if key in weights)
    root = sqrt(counts.total())
    return (Reason(kind, name(key), n * weights[key] / root) for key, n in counts.items())


def _readable(parts: Sequence[bytes]) -> str:
    return b" ".join(parts).decode(errors="replace")


def _letters(gram: int) -> str:
    return gram.to_bytes(4, sys.byteorder).decode(errors="replace")
