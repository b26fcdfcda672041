"""Evaluation: a router on rows it has not seen, beside every simple policy it has to beat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import msgspec
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from headgate.analysis.curve import (
    Measure,
    apgr,
    bootstrap,
    brier,
    calibration_measure,
    cost_at_quality,
    cpt,
    curve,
)
from headgate.analysis.grouping import groups_of
from headgate.analysis.rows import GradedRow
from headgate.analysis.train import gains, held_out, train, upgrades
from headgate.analysis.vectors import Vectors
from headgate.routing.router import Router

__all__ = [
    "LATER",
    "BandPoint",
    "Bin",
    "CurvePoint",
    "Errors",
    "Evaluation",
    "Figures",
    "baselines",
    "evaluate",
    "transfer",
]

NEIGHBOURS = 50
CHUNK = 500
PRIOR = 5.0
BINS = 10
LATER = "(later half)"
DRAWN = ("random mix", "category lookup", "TF-IDF + LR", "oracle")
SHARES = tuple(step / 20 for step in range(21))


class Figures(msgspec.Struct, frozen=True):
    """One way to rank requests for premium, measured; every figure with its interval.

    Costs are mean nano-USD a request, or premium shares where the rows have no costs.
    """

    apgr: Measure
    cpt50: Measure
    cpt80: Measure
    cpt95: Measure
    cost95: Measure
    cost98: Measure
    cost99: Measure


class BandPoint(msgspec.Struct, frozen=True):
    """The router's curve at one premium share: the cost there, and quality with its band."""

    share: float
    cost: float
    quality: Measure


class CurvePoint(msgspec.Struct, frozen=True):
    """A simple policy's curve at one premium share."""

    share: float
    cost: float
    quality: float


class Bin(msgspec.Struct, frozen=True):
    """Rows whose scores are alike: what the router said, and what came."""

    rows: int
    score: float
    """The mean score."""
    came: Measure
    """How often premium was right and cheap wrong."""


class Errors(msgspec.Struct, frozen=True):
    """Both errors at a threshold, and where the requests went."""

    threshold: float
    premium_share: float
    cheap_share: float
    missed: Measure
    """Of the requests that only premium answers right, the share sent to cheap."""
    wasted: Measure
    """Of those sent to premium, the share where it did no better than cheap."""
    quality: Measure


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything measured on held-out rows."""

    rows: int
    groups: int | None = None
    """Conversations that the rows are of, drawn whole for every interval; None where each row is by
    itself."""
    priced: bool
    always_cheap: Measure
    """Mean score when cheap answers all."""
    always_premium: Measure
    always_cheap_cost: float
    always_premium_cost: float
    policies: Mapping[str, Figures]
    band: tuple[BandPoint, ...]
    curves: Mapping[str, tuple[CurvePoint, ...]]
    """Of the policies worth drawing beside the router."""
    bins: tuple[Bin, ...]
    """The calibration, by tenths of the rows from the lowest score on."""
    later: bool
    """The rows are the latest ones; else they were drawn."""
    errors: Errors
    ece: Measure
    brier: Measure
    transfer: Mapping[str, Measure] = {}
    """APGR on each category by a router that never saw it, and on what came later."""


class _Draws(NamedTuple):
    """How intervals are made: each row's group, how often groups are drawn, and by which seed."""

    group: np.ndarray | None
    times: int
    seed: int

    def __call__(
        self,
        measure: Callable[..., float | None],
        *columns: np.ndarray,
        of: np.ndarray | None = None,
    ) -> Measure:
        """A measure of columns of all rows, or of those at the places `of`."""
        group = self.group if self.group is None or of is None else self.group[of]
        return bootstrap(measure, *columns, group=group, times=self.times, seed=self.seed)


class _Table(NamedTuple):
    cheap: np.ndarray
    premium: np.ndarray
    cheap_cost: np.ndarray
    premium_cost: np.ndarray
    priced: bool


def evaluate(
    router: Router,
    fit: Sequence[GradedRow],
    test: Sequence[GradedRow],
    *,
    threshold: float | None = None,
    cascade: bool = False,
    vectors: Vectors | None = None,
    times: int = 200,
    seed: int = 0,
) -> Evaluation:
    """Measure a router on `test`; the baselines learn from `fit`, which must not overlap it.

    In a cascade premium is asked after cheap, so that its requests pay for both.
    Without a threshold the errors are taken where the router sends as many to premium as there
    are requests that only premium answers right. `times` is the number of bootstrap draws, of whole
    conversations where rows come in such.
    `vectors` are for a router that needs embeddings.

    Raises:
        ConfigError: it does, and a row has none.
    """
    table = _table(test, cascade=cascade)
    route = gains(router, test, vectors)
    scores = np.array([router.calibration(gain) for gain in route.tolist()])
    up = upgrades(test)
    policies = {"router": route, **baselines(fit, test)}
    cut = float(np.quantile(scores, 1 - up.mean())) if threshold is None else threshold

    group = groups_of(test)
    draws = _Draws(group, times, seed)
    return Evaluation(
        rows=len(test),
        groups=None if group is None else int(group.max()) + 1,
        priced=table.priced,
        always_cheap=draws(_mean, table.cheap),
        always_premium=draws(_mean, table.premium),
        always_cheap_cost=float(table.cheap_cost.mean()),
        always_premium_cost=float(table.premium_cost.mean()),
        policies={name: _figures(table, rank, draws) for name, rank in policies.items()},
        band=_band(table, route, draws),
        curves={name: _drawn(table, policies[name]) for name in DRAWN},
        bins=_bins(scores, up, draws),
        later=all(row.time is not None for row in [*fit, *test]),
        errors=_errors(table, scores, cut, draws),
        ece=calibration_measure(scores, up, group=group, seed=seed),
        brier=draws(brier, scores, up),
    )


def transfer(
    rows: Sequence[GradedRow], *, most: int = 5, times: int = 200, seed: int = 0, on: date
) -> dict[str, Measure]:
    """APGR on each of the largest categories by a router trained on all the others.

    Where every row has its time, `LATER` is the later half by a router of the earlier one.
    """
    splits: dict[str, tuple[list[GradedRow], list[GradedRow]]] = {}
    sizes = Counter(row.category for row in rows)
    if len(sizes) > 1:
        for name in sorted(sizes, key=lambda name: (-sizes[name], name))[:most]:
            splits[name] = (
                [row for row in rows if row.category != name],
                [row for row in rows if row.category == name],
            )
    if all(row.time is not None for row in rows):
        splits[LATER] = held_out(rows, share=0.5, seed=seed)
    found: dict[str, Measure] = {}
    for name, (fit, unseen) in splits.items():
        router = train(fit, seed=seed, on=on).router
        table = _table(unseen)
        draws = _Draws(groups_of(unseen), times, seed)
        found[name] = draws(apgr, table.cheap, table.premium, gains(router, unseen))
    return found


def _mean(values: np.ndarray) -> float:
    return float(values.mean())


def _table(rows: Sequence[GradedRow], *, cascade: bool = False) -> _Table:
    priced = all(row.cheap_nano is not None and row.premium_nano is not None for row in rows)
    size = len(rows)
    return _Table(
        cheap=np.array([row.cheap for row in rows]),
        premium=np.array([row.premium for row in rows]),
        cheap_cost=np.array([row.cheap_nano if priced else 0 for row in rows], dtype=float),
        premium_cost=np.array(
            [(row.premium_nano or 0) + cascade * (row.cheap_nano or 0) for row in rows], dtype=float
        )
        if priced
        else np.ones(size),
        priced=priced,
    )


def _figures(table: _Table, route: np.ndarray, draws: _Draws) -> Figures:
    scores = (table.cheap, table.premium, route)
    costs = (table.cheap_cost, table.premium_cost)

    def recovered(part: float) -> Measure:
        return draws(lambda c, p, r: cpt(c, p, r, part), *scores)

    def cost(part: float) -> Measure:
        return draws(
            lambda c, p, r, cc, pc: cost_at_quality(c, p, r, part, cc, pc), *scores, *costs
        )

    return Figures(
        apgr=draws(apgr, *scores),
        cpt50=recovered(0.5),
        cpt80=recovered(0.8),
        cpt95=recovered(0.95),
        cost95=cost(0.95),
        cost98=cost(0.98),
        cost99=cost(0.99),
    )


def _band(table: _Table, route: np.ndarray, draws: _Draws) -> tuple[BandPoint, ...]:
    columns = (table.cheap, table.premium, route)
    points = curve(*columns, table.cheap_cost, table.premium_cost)
    return tuple(
        BandPoint(
            share,
            float(np.interp(share, points.share, points.cost)),
            draws(lambda c, p, r, share=share: curve(c, p, r).at(share), *columns),
        )
        for share in SHARES
    )


def _drawn(table: _Table, route: np.ndarray) -> tuple[CurvePoint, ...]:
    points = curve(table.cheap, table.premium, route, table.cheap_cost, table.premium_cost)
    costs = np.interp(SHARES, points.share, points.cost).tolist()
    return tuple(
        CurvePoint(share, cost, points.at(share)) for share, cost in zip(SHARES, costs, strict=True)
    )


def _bins(scores: np.ndarray, up: np.ndarray, draws: _Draws) -> tuple[Bin, ...]:
    order = np.argsort(scores, kind="stable")
    return tuple(
        Bin(
            len(part),
            float(scores[part].mean()),
            draws(_mean, up[part], of=part),
        )
        for part in np.array_split(order, BINS)
        if len(part)
    )


def _errors(table: _Table, scores: np.ndarray, cut: float, draws: _Draws) -> Errors:
    taken = scores >= cut
    better = table.premium > table.cheap

    def share(of: np.ndarray, among: np.ndarray) -> Measure:
        return draws(lambda o, a: float((o & a).sum() / a.sum()) if a.any() else None, of, among)

    served = np.where(taken, table.premium, table.cheap)
    return Errors(
        threshold=cut,
        premium_share=float(taken.mean()),
        cheap_share=float(1 - taken.mean()),
        missed=share(~taken, better),
        wasted=share(~better, taken),
        quality=draws(_mean, served),
    )


def baselines(fit: Sequence[GradedRow], test: Sequence[GradedRow]) -> dict[str, np.ndarray]:
    """The simple policies as rankings; the oracle knows the answers, and nobody can beat it."""
    gain = np.array([row.premium - row.cheap for row in fit])
    lengths = np.array([len(row.prompt) for row in test], dtype=float)
    longer = np.corrcoef([len(row.prompt) for row in fit], gain)[0, 1] if len(fit) > 1 else 0.0
    linear, neighbours = _texts(fit, test, gain)
    return {
        "random mix": np.zeros(len(test)),
        "prompt length": lengths if not longer < 0 else -lengths,
        "category lookup": _lookup(fit, test, gain),
        "TF-IDF + LR": linear,
        "kNN": neighbours,
        "oracle": np.array([row.premium - row.cheap for row in test]),
    }


def _lookup(fit: Sequence[GradedRow], test: Sequence[GradedRow], gain: np.ndarray) -> np.ndarray:
    mean = float(gain.mean())
    table: dict[str, list[float]] = {}
    for row, value in zip(fit, gain.tolist(), strict=True):
        table.setdefault(row.category, []).append(value)
    shrunk = {
        name: (sum(values) + PRIOR * mean) / (len(values) + PRIOR) for name, values in table.items()
    }
    return np.array([shrunk.get(row.category, mean) for row in test])


def _texts(
    fit: Sequence[GradedRow], test: Sequence[GradedRow], gain: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    flat = np.zeros(len(test))
    vectors = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, max_features=60_000)
    try:
        known = vectors.fit_transform(row.prompt for row in fit)
    except ValueError:  # no word occurs twice
        return flat, flat
    asked = vectors.transform(row.prompt for row in test)
    better = gain > 0
    linear = flat
    if better.any() and not better.all():
        model = LogisticRegression(max_iter=1000).fit(known, better)
        linear = model.predict_proba(asked)[:, 1]
    count = min(NEIGHBOURS, len(fit))
    means = []
    for start in range(0, asked.shape[0], CHUNK):
        alike = (asked[start : start + CHUNK] @ known.T).toarray()
        nearest = np.argpartition(-alike, count - 1, axis=1)[:, :count]
        means.append(gain[nearest].mean(axis=1))
    return linear, np.concatenate(means)
