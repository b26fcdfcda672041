"""The learned router as one file: versioned, hashed, compressed, with no code in it.

    magic (8 bytes) · version (2) · SHA-256 of what follows (32) · zlib(MessagePack of `_Document`)

Weights of n-grams are the bytes of a `Table` for each kind, those of an embedding 16-bit integers
and a scale. All numbers are little-endian.
"""

from __future__ import annotations

import math
import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Literal, TypeAlias

import msgspec

from headgate.errors import ConfigError
from headgate.routing.ngrams import BUCKETS
from headgate.routing.reference import Reference
from headgate.routing.router import Calibration, CostModel, Head, Router
from headgate.routing.table import Table

__all__ = [
    "Artifact",
    "Certificate",
    "Learned",
    "Operating",
    "Tenth",
    "Training",
    "Trial",
    "dump",
    "fingerprint",
    "load",
]

MAGIC = b"HEADGATE"
VERSION = 5
"""5 knows words by their stems, and no letter groups. Files of 1 to 4 knew n-grams otherwise, and
are refused: a second way of scoring would have to be kept."""
HEAD = len(MAGIC) + 2 + 32
MAX_BYTES = 256 * 1024 * 1024
"""A small file must not fill the memory."""


Learned: TypeAlias = Literal["text", "categories", "nothing", "embeddings"]


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What embeddings were worth to a router, on rows that no fit had seen."""

    model: str
    dimension: int
    edge: float
    """Mean score gained over the same router without them, averaged over all premium shares."""
    error: float
    """Its standard error."""
    apgr: float | None
    """The APGR without them; None where there was no gap."""
    kept: bool
    """They gained more than 1.96 standard errors, and the router needs them."""


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """What a router was made from, and how well it did on rows it had not seen."""

    rows: int
    sample: str
    """Fingerprint of the rows."""
    seed: int
    trained_on: str
    """The day, as YYYY-MM-DD."""
    cheap_quality: float
    premium_quality: float
    apgr: float | None = None
    """Average performance gap recovered, out of fold; None where there was no gap."""
    apgr_interval: tuple[float, float] | None = None
    """Its 95 % interval; None where there was no gap."""
    ece: float
    """Expected calibration error of the score, out of fold."""
    kind: Literal["router", "verifier"] = "router"
    """A verifier was trained with drafts, and scores a request together with its cheap answer."""
    learned: Learned = "text"
    """What rows left out of a fit bore out; with "nothing" all requests score alike."""
    embeddings: Trial | None = None
    """Of embeddings, where they were tried."""


class Operating(msgspec.Struct, frozen=True, kw_only=True):
    """What a threshold did on the calibration rows; shares are 0 to 1."""

    threshold: float
    escalation: float
    """Share of the rows that go to premium."""
    quality: float
    """Mean score."""
    cost_nano: int | None
    """Mean cost of a request, nano-USD; None where not every row has the cost of both answers."""
    wasted: float | None
    """Of the rows sent to premium, the share where it did no better; None where none are sent."""
    missed: float | None
    """Of the rows where premium does better, the share sent to cheap; None where there are none."""


class Tenth(msgspec.Struct, frozen=True, kw_only=True):
    """Calibration rows whose scores are alike: what the router said, and what came."""

    rows: int
    score: float
    """The mean score."""
    came: float
    """How much better premium was on average: for right and wrong, how often it alone was right."""


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """Which threshold was chosen, on which rows, and what may be said of it.

    Requests whose score is `threshold` or more go to premium; None means that no threshold
    passed and every request does.
    """

    goal: Literal["quality", "escalation", "bill"]
    target: float
    """A share of the premium quality, a premium share, or nano-USD for a request."""
    risk: float
    """Probability, at most, that the choice breaks the target."""
    method: str
    threshold: float | None
    p_value: float | None
    rows: int
    sample: str
    """Fingerprint of the calibration rows."""
    issued_on: str
    escalation: float
    """Share of the calibration rows that the threshold sends to premium."""
    quality: float
    """Mean score on the calibration rows."""
    premium_quality: float
    cheap_quality: float
    assumptions: tuple[str, ...]
    advice: str = ""
    """Where no threshold passed: what would be needed."""
    reference: Reference | None = None
    """What the calibration rows looked like, for the watch to hold later traffic to."""
    points: tuple[Operating, ...] = ()
    """Some of the thresholds tried, rising; none in files from before they were kept."""
    calibration: tuple[Tenth, ...] = ()
    """The rows by tenths, from the lowest score on; none in files from before they were kept."""


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """A router with its history."""

    router: Router
    training: Training
    certificate: Certificate | None = None


class _Weights(msgspec.Struct, frozen=True):
    scale: float
    steps: bytes

    def table(self) -> Table:
        if len(self.steps) not in (0, BUCKETS):
            raise ValueError("a table of weights is cut short")
        if not math.isfinite(self.scale):
            raise ValueError("it holds a number that is not finite")
        if self.steps[:1] > b"\0":
            raise ValueError("a table of weights knows bucket 0")
        return Table(self.scale, self.steps)


class _Head(msgspec.Struct, frozen=True):
    model: str
    source: Literal["endpoint", "local"]
    weights: _Weights


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    bias: float
    words: _Weights
    pairs: _Weights
    traits: dict[str, float]
    gains: tuple[float, ...]
    probabilities: tuple[float, ...]
    cheap_cost: tuple[float, float] | None
    premium_cost: tuple[float, float] | None
    training: Training
    certificate: Certificate | None
    head: _Head | None = None


_DOCUMENTS = msgspec.msgpack.Decoder(_Document)


def dump(artifact: Artifact) -> bytes:
    """The file of an artifact; the same artifact gives the same bytes."""
    router, head = artifact.router, artifact.router.head
    document = _Document(
        bias=router.bias,
        words=_Weights(*router.words),
        pairs=_Weights(*router.pairs),
        traits=router.traits,
        gains=router.calibration.gains,
        probabilities=router.calibration.probabilities,
        cheap_cost=router.cheap_cost,
        premium_cost=router.premium_cost,
        training=artifact.training,
        certificate=artifact.certificate,
        head=None if head is None else _Head(head.model, head.source, _packed(head.weights)),
    )
    body = zlib.compress(msgspec.msgpack.encode(document), 9)
    return MAGIC + VERSION.to_bytes(2, "little") + sha256(body).digest() + body


def fingerprint(data: bytes) -> str:
    """The first 12 hex digits of the hash that a file carries: the router's version."""
    return data[HEAD - 32 : HEAD].hex()[:12]


def load(data: bytes, name: str = "The router", *, most: int = MAX_BYTES) -> Artifact:
    """The artifact in a file's bytes; `name` is what errors call it.

    `most` bounds what the compressed part may unfold to, in bytes.

    Raises:
        ConfigError: no artifact, of another version, damaged, or not made by `dump`.
    """
    if data[: len(MAGIC)] != MAGIC:
        raise ConfigError(f"{name} is no router.", fix="Make one with `headgate train`.")
    version = int.from_bytes(data[len(MAGIC) : len(MAGIC) + 2], "little")
    if version != VERSION:
        raise ConfigError(
            f"{name} is of version {version}; this Headgate reads {VERSION}.",
            fix="Train it again with this Headgate, or run the Headgate that made it.",
        )
    body = data[HEAD:]
    if len(data) < HEAD or sha256(body).digest() != data[HEAD - 32 : HEAD]:
        raise ConfigError(
            f"{name} is damaged: its hash does not fit.", fix="Copy it again, or train it again."
        )
    try:
        unpacker = zlib.decompressobj()
        raw = unpacker.decompress(body, most)
        if not unpacker.eof:
            raise ValueError("it unfolds to more than a router ever does")
        return _artifact(_DOCUMENTS.decode(raw))
    except (zlib.error, msgspec.DecodeError, ValueError) as error:
        raise ConfigError(
            f"{name} cannot be read: {error}.", fix="Make one with `headgate train`."
        ) from error


def _artifact(document: _Document) -> Artifact:
    if len(document.gains) != len(document.probabilities) or not document.gains:
        raise ValueError("its calibration has no knots, or half of them")
    numbers = (document.bias, *document.traits.values(), *document.gains, *document.probabilities)
    if not all(map(math.isfinite, numbers)):
        raise ValueError("it holds a number that is not finite")
    head = document.head
    if head is not None and not head.weights.steps:
        raise ValueError("its head for embeddings is empty")
    router = Router(
        bias=document.bias,
        words=document.words.table(),
        pairs=document.pairs.table(),
        traits=document.traits,
        calibration=Calibration(document.gains, document.probabilities),
        cheap_cost=None if document.cheap_cost is None else CostModel(*document.cheap_cost),
        premium_cost=None if document.premium_cost is None else CostModel(*document.premium_cost),
        head=None
        if head is None
        else Head(head.model, head.source, tuple(_unpacked(head.weights))),
    )
    return Artifact(router=router, training=document.training, certificate=document.certificate)


def _packed(weights: Iterable[float]) -> _Weights:
    """Weights in steps of 1/32,767 of the largest."""
    values = list(weights)
    scale = max(map(abs, values), default=0.0) / 32767 or 1.0
    steps = array("h", [round(value / scale) for value in values])
    return _Weights(scale, _little(steps).tobytes())


def _unpacked(packed: _Weights) -> Sequence[float]:
    if not math.isfinite(packed.scale):
        raise ValueError("it holds a number that is not finite")
    steps = array("h")
    steps.frombytes(packed.steps)
    return [step * packed.scale for step in _little(steps)]


def _little(steps: array[int]) -> array[int]:
    if sys.byteorder == "big":
        steps.byteswap()
    return steps
