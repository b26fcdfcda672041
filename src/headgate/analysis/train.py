"""Training: from graded rows to a calibrated router, with honest figures from rows held out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from hashlib import blake2b, sha256
from math import sqrt
from typing import NamedTuple

import msgspec
import numpy as np
from sklearn.isotonic import IsotonicRegression

from headgate.analysis.blend import blended, edge, lookup, ranked, tables
from headgate.analysis.curve import apgr, calibration_error
from headgate.analysis.design import Design, Weights, request_of
from headgate.analysis.embedded import Embedded, embedded
from headgate.analysis.ridges import ridges
from headgate.analysis.rows import GradedRow
from headgate.analysis.vectors import Vectors
from headgate.errors import ConfigError
from headgate.routing.artifact import Artifact, Learned, Training, Trial
from headgate.routing.router import NOTHING, Calibration, CostModel, Head, Router

__all__ = ["fingerprint", "folds", "gains", "held_out", "train", "upgrades"]

RIDGE = 25.0
"""Penalty on squared coefficients. The best differs little from 18 to 30 on all sets tried."""
FOLDS = 5
MANY = 30_000
"""Rows from which one fold is held out instead of each in turn: that is enough to calibrate on."""
KNOTS = 20
LEAST_GAP = 1e-12
WIDTH = 1.96
"""Standard errors to either end of a 95 % interval."""
LEAST = 50
"""Fewer rows cannot be split, fitted and calibrated with a result worth anything."""


def train(
    rows: Sequence[GradedRow],
    *,
    verifier: bool = False,
    vectors: Vectors | None = None,
    seed: int = 0,
    on: date,
) -> Artifact:
    """A router for these rows, or a verifier, which also sees their drafts.

    The same rows, seed and day give the same bytes.

    Two ridge regressions see words, pairs, traits and category at once: one says
    how likely cheap is wrong, one how likely premium is right. Each is averaged with a category
    table; what each of the four is worth, the rows left out of a fit decide (`blended`). The sum
    is the gain, which beats a classifier of "premium was better": a prompt where only cheap is
    right counts against premium, and one where both fail counts for neither. Where the rows left
    out bear out no ranking, the router scores all requests alike. Calibration and figures come
    from folds that hold no conversation of the rows they were fitted on.

    With `vectors`, two more regressions see the embeddings, and join the blend where rows left out
    show that they gain, beyond 1.96 standard errors; else the router does without them.

    Raises:
        ConfigError: fewer than 50 rows, all of one conversation, a verifier without drafts or with
            embeddings, or a row without its embedding.
    """
    if verifier and vectors is not None:
        raise ConfigError(
            "A verifier does not look at embeddings: a gateway does not ask for them then.",
            fix="Leave --embeddings and --encoder, or --verifier.",
        )
    if verifier and not any(row.draft for row in rows):
        raise ConfigError(
            "No row describes its draft, so there is nothing for a verifier to see.",
            fix="Give a column such as draft, draft_chars or draft_agreement, or leave --verifier.",
        )
    if len(rows) < LEAST or len({_group(row) for row in rows}) < FOLDS:
        raise ConfigError(
            f"{len(rows)} graded rows are too few to train on.",
            fix=f"Bring {LEAST} at the least besides those held out, of {FOLDS} conversations; "
            "thousands are better.",
        )
    known = rows if verifier else [msgspec.structs.replace(row, draft=None) for row in rows]
    dense = None if vectors is None else vectors.of(rows)
    heads, seen = _learned(known, seed, dense)
    tested = [rows[at] for at in seen.at.tolist()]
    cheap, premium = _scores(tested)
    learned, weights = _chosen(seen, premium - cheap)
    trial = None
    if vectors is not None and dense is not None:
        trial, weights = _tried(vectors.model, dense.shape[1], seen, weights, cheap, premium)
        learned = "embeddings" if trial.kept else learned
    unseen = float(np.mean([row.premium - row.cheap for row in rows])) + seen.expected(weights)
    ranks = ranked(unseen, seen.fold)
    up = upgrades(tested)
    training = Training(
        rows=len(rows),
        sample=fingerprint(rows),
        seed=seed,
        trained_on=on.isoformat(),
        cheap_quality=float(np.mean([row.cheap for row in rows])),
        premium_quality=float(np.mean([row.premium for row in rows])),
        apgr=apgr(cheap, premium, ranks),
        apgr_interval=_interval(premium - cheap, ranks),
        ece=_cross_error(unseen, up),
        kind="verifier" if verifier else "router",
        learned=learned,
        embeddings=trial,
    )
    source = vectors if trial is not None and trial.kept else None
    router = _router(rows, heads, weights, calibrated(unseen, up), source)
    return Artifact(router=router, training=training)


def gains(router: Router, rows: Sequence[GradedRow], vectors: Vectors | None = None) -> np.ndarray:
    """What the router expects premium to gain on each row.

    Raises:
        ConfigError: it needs embeddings, and a row has none among `vectors`.
    """
    found = np.array([router.text_gain(request_of(row)) for row in rows])
    head = router.head
    if head is None:
        return found
    if vectors is None:
        raise ConfigError(
            f"The router needs embeddings of {head.model}.",
            fix="Name the file of vectors that `headgate train` wrote with --vectors.",
        )
    return np.asarray(found + vectors.of(rows) @ np.array(head.weights))


def upgrades(rows: Sequence[GradedRow]) -> np.ndarray:
    """How much better premium was, 0 where it was not: 0 or 1 for right and wrong."""
    return np.array([max(0.0, row.premium - row.cheap) for row in rows])


def folds(rows: Sequence[GradedRow], seed: int, count: int = FOLDS) -> np.ndarray:
    """The fold of each row; a conversation, or a text that comes twice, is in one fold only."""
    return np.array([_drawn(_group(row), seed) % count for row in rows])


def held_out(
    rows: Sequence[GradedRow], *, share: float = 0.3, seed: int = 0
) -> tuple[list[GradedRow], list[GradedRow]]:
    """Rows to fit on, and rows to test on: the latest conversations where every row has its time.

    A conversation counts as late by its last row. Without times, conversations are drawn.
    """
    last: dict[str, float] = {}
    timed = all(row.time is not None for row in rows)
    for row in rows:
        group = _group(row)
        when = row.time if timed and row.time is not None else float(_drawn(group, seed))
        last[group] = max(when, last.get(group, when))
    order = sorted(last, key=lambda group: (last[group], _drawn(group, seed)))
    late = set(order[len(order) - round(share * len(order)) :])
    fit = [row for row in rows if _group(row) not in late]
    return fit, [row for row in rows if _group(row) in late]


def fingerprint(rows: Sequence[GradedRow]) -> str:
    """The first 16 hex digits of a SHA-256 over the rows; their order does not count."""
    encoder = msgspec.msgpack.Encoder(order="deterministic")
    digests = sorted(sha256(encoder.encode(row)).digest() for row in rows)
    return sha256(b"".join(digests)).hexdigest()[:16]


def calibrated(unseen: np.ndarray, up: np.ndarray) -> Calibration:
    """Probability by gain: isotonic regression over bins of equal size, then made to rise strictly.

    Strictly, because requests with different gains must not tie. Beyond the data it goes half way
    to 0 and to 1.
    """
    order = np.argsort(unseen, kind="stable")
    bins = [part for part in np.array_split(order, KNOTS) if len(part)]
    at = np.array([unseen[part].mean() for part in bins])
    sizes = [len(part) for part in bins]
    at, first = np.unique(at, return_index=True)
    heights = IsotonicRegression(y_min=0.0, y_max=1.0).fit_transform(
        at, [up[bins[i]].mean() for i in first], sample_weight=[sizes[i] for i in first]
    )
    heights = np.clip(heights, 0.0, 1.0) * 0.998 + np.linspace(0.0005, 0.0015, len(at))
    low, high = min(-2.0, at[0] - 1), max(2.0, at[-1] + 1)
    return Calibration(
        (float(low), *at.tolist(), float(high)),
        (float(heights[0]) / 2, *heights.tolist(), (1 + float(heights[-1])) / 2),
    )


class _Seen(NamedTuple):
    """What rows were expected to do by fits that had not seen them."""

    at: np.ndarray
    """Which rows."""
    fold: np.ndarray
    text: np.ndarray
    category: np.ndarray
    vector: np.ndarray | None

    def expected(self, weights: np.ndarray) -> np.ndarray:
        """Their gains over the mean, by a blend of the first two parts or of all."""
        parts = [self.text, self.category, *([] if self.vector is None else [self.vector])]
        return np.asarray(np.hstack(parts)[:, : len(weights)] @ weights)


class _Heads(NamedTuple):
    """What is learned of each target: from the text, and from the category."""

    design: Design
    coefficients: np.ndarray
    numbers: dict[str, int]
    """The row of `tables` for each category."""
    tables: np.ndarray
    embedded: Embedded | None


def _learned(
    rows: Sequence[GradedRow], seed: int, vectors: np.ndarray | None
) -> tuple[_Heads, _Seen]:
    """Both heads on all rows, and what they say of rows left out, all in one solve.

    The vocabulary is that of all rows; it knows no grades.
    """
    cheap, premium = _scores(rows)
    centred = np.column_stack([cheap.mean() - cheap, premium - premium.mean()])
    fold = folds(rows, seed)
    tests = list(_tests(fold))
    masks = np.repeat(np.column_stack([*(~t for t in tests), np.ones(len(rows))]), 2, axis=1)
    targets = np.tile(centred, len(tests) + 1)
    design = Design(rows)
    index, numbers = lookup([row.category for row in rows])
    coefficients = ridges(design.training, targets, masks, RIDGE)
    means = tables(numbers, targets, masks)
    at = [np.flatnonzero(test) for test in tests]
    dense = None if vectors is None else embedded(vectors, centred, tests)
    own = [slice(2 * number, 2 * number + 2) for number in range(len(tests))]
    seen = _Seen(
        at=np.concatenate(at),
        fold=np.concatenate([fold[rows_] for rows_ in at]),
        text=np.vstack(
            [design.training[rows_] @ coefficients[:, o] for rows_, o in zip(at, own, strict=True)]
        ),
        category=np.vstack([means[numbers[rows_], o] for rows_, o in zip(at, own, strict=True)]),
        vector=None if dense is None else dense.unseen,
    )
    return _Heads(design, coefficients[:, -2:], index, means[:, -2:], dense), seen


def _chosen(seen: _Seen, gain: np.ndarray) -> tuple[Learned, np.ndarray]:
    """What the rows left out bear out: the blend, the categories alone, or nothing."""
    blend = blended(seen.text, seen.category, gain)
    alone = np.array([0.0, 0.0, 1.0, 1.0])
    found = edge(gain, ranked(seen.expected(blend), seen.fold))
    simple = edge(gain, ranked(seen.expected(alone), seen.fold))
    if not (found.shown or simple.shown):
        return "nothing", np.zeros(4)
    return ("text", blend) if found.value >= simple.value else ("categories", alone)


def _tried(
    model: str,
    dimension: int,
    seen: _Seen,
    weights: np.ndarray,
    cheap: np.ndarray,
    premium: np.ndarray,
) -> tuple[Trial, np.ndarray]:
    """What embeddings add to a blend without them, and the weights that stand in the end.

    They cost money and time for every request, so a gain that may well be chance is none.
    """
    gain = premium - cheap
    wider = blended(seen.text, seen.category, gain, seen.vector)
    before = ranked(seen.expected(weights), seen.fold)
    after = ranked(seen.expected(wider), seen.fold)
    added = edge(gain, after - before)
    kept = added.value > WIDTH * added.error and bool(wider[4:].any())
    trial = Trial(
        model=model,
        dimension=dimension,
        edge=added.value,
        error=added.error,
        apgr=apgr(cheap, premium, before),
        kept=kept,
    )
    return trial, wider if kept else weights


def _router(
    rows: Sequence[GradedRow],
    heads: _Heads,
    weights: np.ndarray,
    calibration: Calibration,
    vectors: Vectors | None,
) -> Router:
    text = heads.design.weights(heads.coefficients @ weights[:2])
    if not weights[:2].any():
        text = Weights(NOTHING, NOTHING, {})
    if weights[2:4].any():
        table = heads.tables @ weights[2:4]
        for name, number in heads.numbers.items():
            trait = f"category={name}"
            text.traits[trait] = text.traits.get(trait, 0.0) + float(table[number])
    cheap, premium = _scores(rows)
    bias, head = float((premium - cheap).mean()), None
    if vectors is not None and heads.embedded is not None:
        dense = heads.embedded.coefficients @ weights[4:]
        bias -= float(heads.embedded.mean @ dense)
        head = Head(vectors.model, vectors.source, tuple(dense.tolist()))
    return Router(
        bias=bias,
        words=text.words,
        pairs=text.pairs,
        traits=text.traits,
        calibration=calibration,
        cheap_cost=_cost([(row.tokens, row.cheap_nano) for row in rows]),
        premium_cost=_cost([(row.tokens, row.premium_nano) for row in rows]),
        head=head,
    )


def _tests(fold: np.ndarray) -> Iterator[np.ndarray]:
    for number in range(1 if len(fold) >= MANY else FOLDS):
        test = fold == number
        if test.any() and not test.all():
            yield test


def _interval(gain: np.ndarray, ranks: np.ndarray) -> tuple[float, float] | None:
    """The 95 % interval of the APGR by the delta method; None without a gap."""
    gap = float(gain.mean())
    if gap <= LEAST_GAP:
        return None
    share = edge(gain, ranks).value / gap
    error = float((gain * (ranks - 0.5 - share)).std()) / gap / sqrt(len(gain))
    return 0.5 + share - WIDTH * error, 0.5 + share + WIDTH * error


def _cross_error(unseen: np.ndarray, up: np.ndarray) -> float:
    """ECE with the calibration of one half applied to the other, and the other way round."""
    odd = np.arange(len(up)) % 2 == 1
    scores = np.empty(len(up))
    for side in (odd, ~odd):
        line = calibrated(unseen[~side], up[~side])
        scores[side] = [line(value) for value in unseen[side]]
    return calibration_error(scores, up)


def _cost(known: Sequence[tuple[int, int | None]]) -> CostModel | None:
    """Least squares of cost on tokens; the mean where tokens are not known or do not matter."""
    pairs = [(tokens, nano) for tokens, nano in known if nano is not None]
    if not pairs:
        return None
    tokens, nano = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    if np.ptp(tokens) == 0:
        return CostModel(float(nano.mean()), 0.0)
    slope = float(np.cov(tokens, nano, bias=True)[0, 1] / tokens.var())
    slope = max(0.0, slope)
    return CostModel(float(nano.mean() - slope * tokens.mean()), slope)


def _scores(rows: Sequence[GradedRow]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([row.cheap for row in rows]), np.array([row.premium for row in rows])


def _group(row: GradedRow) -> str:
    return f"c{row.conversation}" if row.conversation else f"p{row.prompt}"


def _drawn(group: str, seed: int) -> int:
    """A number for a group that is the same in every process."""
    key = group.encode(errors="replace")
    digest = blake2b(key, digest_size=6, key=str(seed).encode()).digest()
    return int.from_bytes(digest, "big")
