"""Sets of a strange shape: each trains, and serves no worse than a rule of thumb beyond noise."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from datetime import date

import msgspec
import numpy as np
import pytest

from headgate.analysis.blend import edge
from headgate.analysis.rows import GradedRow
from headgate.analysis.train import gains, train
from headgate.routing.artifact import dump, load
from tests.analysis.planted import planted

DAY = date(2026, 11, 20)
changed = msgspec.structs.replace


def tiny(rows: Sequence[GradedRow]) -> list[GradedRow]:
    return list(rows[:50])


def without_categories(rows: Sequence[GradedRow]) -> list[GradedRow]:
    return [changed(row, category="") for row in rows]


def one_category(rows: Sequence[GradedRow]) -> list[GradedRow]:
    return [changed(row, category="all") for row in rows]


def a_category_each(rows: Sequence[GradedRow]) -> list[GradedRow]:
    return [changed(row, category=f"c{number}") for number, row in enumerate(rows)]


def all_right(rows: Sequence[GradedRow]) -> list[GradedRow]:
    return [changed(row, cheap=1.0, premium=1.0) for row in rows]


def graded_by_degrees(rows: Sequence[GradedRow]) -> list[GradedRow]:
    rng = random.Random(3)
    return [
        changed(row, cheap=0.8 * row.cheap + 0.2 * rng.random(), premium=0.9 * row.premium)
        for row in rows
    ]


def very_long(rows: Sequence[GradedRow]) -> list[GradedRow]:
    filler = "lorem ipsum dolor sit amet " * 2000
    return [changed(row, prompt=f"{row.prompt} {filler}") for row in rows[:300]]


def chinese(rows: Sequence[GradedRow]) -> list[GradedRow]:
    signs = {"prove": "证明", "derive": "推导", "integral": "积分", "theorem": "定理"}
    return [
        changed(row, prompt="".join(signs.get(word, "你好") for word in row.prompt.split()))
        for row in rows
    ]


def duplicated(rows: Sequence[GradedRow]) -> list[GradedRow]:
    return [row for row in rows[:60] for _ in range(10)]


def some_costs_missing(rows: Sequence[GradedRow]) -> list[GradedRow]:
    return [changed(row, cheap_nano=None if n % 3 else 5) for n, row in enumerate(rows)]


def one_in_a_hundred_hard(rows: Sequence[GradedRow]) -> list[GradedRow]:
    return [changed(row, cheap=float(n % 100 > 0), premium=1.0) for n, row in enumerate(rows)]


def cheap_is_better(rows: Sequence[GradedRow]) -> list[GradedRow]:
    return [changed(row, cheap=row.premium, premium=row.cheap) for row in rows]


def empty_texts(rows: Sequence[GradedRow]) -> list[GradedRow]:
    return [changed(row, prompt="") for row in rows]


STRANGE = [
    tiny,
    without_categories,
    one_category,
    a_category_each,
    all_right,
    graded_by_degrees,
    very_long,
    chinese,
    duplicated,
    some_costs_missing,
    one_in_a_hundred_hard,
    cheap_is_better,
    empty_texts,
]


@pytest.mark.parametrize("strange", STRANGE)
def test_a_strange_set_trains_and_ranks_new_rows_no_worse_than_chance(
    strange: Callable[[Sequence[GradedRow]], list[GradedRow]],
):
    rows, new = (strange(planted(1200, seed)) for seed in (11, 12))
    artifact = load(dump(train(rows, on=DAY)))
    route = gains(artifact.router, new)
    gain = np.array([row.premium - row.cheap for row in new])
    found = edge(gain, (np.argsort(np.argsort(route, kind="stable")) + 0.5) / len(route))
    if np.ptp(route) == 0:
        assert artifact.training.learned != "text"
    else:
        assert found.value > -3 * found.error
    probabilities = [artifact.router.calibration(value) for value in route.tolist()]
    assert all(0 <= value <= 1 for value in probabilities)
    assert math.isfinite(artifact.training.ece)


@pytest.mark.parametrize("strange", [without_categories, graded_by_degrees, chinese, very_long])
def test_what_is_planted_is_found_in_strange_sets_too(
    strange: Callable[[Sequence[GradedRow]], list[GradedRow]],
):
    training = train(strange(planted(1200, 7)), on=DAY).training
    assert training.learned == "text"
    assert training.apgr is not None
    assert training.apgr > 0.6


def test_where_premium_is_no_better_there_is_no_apgr_and_no_interval():
    training = train(cheap_is_better(planted(1200)), on=DAY).training
    assert training.apgr is None
    assert training.apgr_interval is None


def test_where_nothing_can_be_learned_all_requests_score_alike():
    artifact = train(all_right(planted(300)), on=DAY)
    assert artifact.training.learned == "nothing"
    assert len(set(gains(artifact.router, planted(50, 3)).tolist())) == 1
    assert not artifact.router.words


def test_a_category_alone_is_kept_where_texts_tell_nothing():
    rng = np.random.default_rng(2)
    rows = [
        GradedRow(prompt=f"t{i}{c}", category=c, cheap=0.0, premium=float(rng.random() < p))
        for i in range(200)
        for c, p in (("hard", 0.8), ("easy", 0.1))
    ]
    artifact = train(rows, on=DAY)
    assert artifact.training.learned in ("categories", "text")
    assert artifact.router.traits["category=hard"] > artifact.router.traits["category=easy"]
