"""Training: from graded rows to a calibrated router, with honest figures from rows held out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from hashlib import blake2b, sha256
from math import sqrt
from typing import NamedTuple

import msgspec
import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import lsqr
from sklearn.isotonic import IsotonicRegression

from headgate.analysis.curve import apgr, calibration_error
from headgate.analysis.design import Design, request_of
from headgate.analysis.rows import GradedRow
from headgate.errors import ConfigError
from headgate.routing.artifact import Artifact, Training
from headgate.routing.router import Calibration, CostModel, Router

__all__ = ["fingerprint", "folds", "gains", "held_out", "train", "upgrades"]

RIDGE = 30.0
"""Penalty on squared coefficients. The best differs little from 20 to 80 on all sets tried."""
TABLE_PRIOR = 5.0
"""Rows with the mean gain that each category begins with."""
TABLE_PART = 1 / 3
"""Weight of the category table in the average with the text model."""
FOLDS = 5
MANY = 30_000
"""Rows from which one fold is held out instead of each in turn: that is enough to calibrate on."""
KNOTS = 20
LEAST = 50
"""Fewer rows cannot be split, fitted and calibrated with a result worth anything."""


def train(rows: Sequence[GradedRow], *, seed: int = 0, on: date) -> Artifact:
    """A router for these rows. The same rows, seed and day give the same bytes.

    A ridge regression on the gain (premium score − cheap score) sees words, pairs, letter groups,
    traits and category at once; it is averaged with a category table shrunk to the mean. Fitting
    the gain itself beats a classifier of "premium was better": a prompt where only cheap is right
    counts against premium, and one where both fail counts for neither. Calibration and figures
    come from folds that hold no conversation of the rows they were fitted on.

    Raises:
        ConfigError: fewer than 50 rows, or all of one conversation.
    """
    if len(rows) < LEAST or len({_group(row) for row in rows}) < FOLDS:
        raise ConfigError(
            f"{len(rows)} graded rows are too few to train on.",
            fix=f"Bring {LEAST} at the least, of {FOLDS} conversations; thousands are better.",
        )
    tested, unseen = _out_of_fold(rows, seed)
    up = upgrades([rows[at] for at in tested])
    calibration = calibrated(unseen, up)
    cheap, premium = _scores([rows[at] for at in tested])
    training = Training(
        rows=len(rows),
        sample=fingerprint(rows),
        seed=seed,
        trained_on=on.isoformat(),
        cheap_quality=float(np.mean([row.cheap for row in rows])),
        premium_quality=float(np.mean([row.premium for row in rows])),
        apgr=apgr(cheap, premium, unseen),
        ece=_cross_error(unseen, up),
    )
    return Artifact(router=_fitted(rows, calibration), training=training)


def gains(router: Router, rows: Sequence[GradedRow]) -> np.ndarray:
    """What the router expects premium to gain on each row."""
    return np.array([router.gain(request_of(row)) for row in rows])


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


class _Fit(NamedTuple):
    design: Design
    coefficients: np.ndarray
    mean: float
    table: dict[str, float]

    def gains(self, rows: Sequence[GradedRow]) -> np.ndarray:
        text = self.design.matrix(rows) @ self.coefficients
        table = np.array([self.table.get(row.category, 0.0) for row in rows])
        return np.asarray(self.mean + (1 - TABLE_PART) * text + TABLE_PART * table)


def _fit(rows: Sequence[GradedRow]) -> _Fit:
    cheap, premium = _scores(rows)
    gain = premium - cheap
    mean = float(gain.mean())
    design = Design(rows)
    found = lsqr(
        sp.csr_matrix(design.training, dtype=np.float64),
        gain - mean,
        damp=sqrt(RIDGE),
        atol=1e-4,
        btol=1e-4,
        iter_lim=50,
    )
    return _Fit(design, found[0], mean, _table(rows, gain - mean))


def _table(rows: Sequence[GradedRow], excess: np.ndarray) -> dict[str, float]:
    """Each category's mean gain over that of all, shrunk towards it by `TABLE_PRIOR` rows."""
    sums: dict[str, float] = {}
    counts: dict[str, int] = {}
    for row, value in zip(rows, excess.tolist(), strict=True):
        sums[row.category] = sums.get(row.category, 0.0) + value
        counts[row.category] = counts.get(row.category, 0) + 1
    return {name: total / (counts[name] + TABLE_PRIOR) for name, total in sums.items()}


def _fitted(rows: Sequence[GradedRow], calibration: Calibration) -> Router:
    fit = _fit(rows)
    words, pairs, grams, traits = fit.design.weights((1 - TABLE_PART) * fit.coefficients)
    for name, excess in fit.table.items():
        trait = f"category={name}"
        traits[trait] = traits.get(trait, 0.0) + TABLE_PART * excess
    return Router(
        bias=fit.mean,
        words=words,
        pairs=pairs,
        grams=grams,
        traits=traits,
        calibration=calibration,
        cheap_cost=_cost([(row.tokens, row.cheap_nano) for row in rows]),
        premium_cost=_cost([(row.tokens, row.premium_nano) for row in rows]),
    )


def _out_of_fold(rows: Sequence[GradedRow], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Which rows were tested, and the gain that a fit without their fold expects."""
    fold = folds(rows, seed)
    tested, expected = [], []
    for test in _tests(fold):
        fit = _fit([row for row, out in zip(rows, test.tolist(), strict=True) if not out])
        at = np.flatnonzero(test)
        tested.append(at)
        expected.append(fit.gains([rows[i] for i in at.tolist()]))
    return np.concatenate(tested), np.concatenate(expected)


def _tests(fold: np.ndarray) -> Iterator[np.ndarray]:
    for number in range(1 if len(fold) >= MANY else FOLDS):
        test = fold == number
        if test.any() and not test.all():
            yield test


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
