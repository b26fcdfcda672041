"""Training: finds what was planted, finds nothing where nothing is, and never leaks."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import pytest

from headgate.analysis.curve import apgr
from headgate.analysis.design import request_of
from headgate.analysis.rows import GradedRow
from headgate.analysis.train import (
    calibrated,
    fingerprint,
    folds,
    gains,
    held_out,
    train,
    upgrades,
)
from headgate.analysis.vectors import Vectors, vector_file
from headgate.errors import ConfigError
from headgate.routing.artifact import dump, load
from headgate.routing.draft import Draft
from headgate.routing.features import Request
from tests.analysis.conftest import Trained
from tests.analysis.planted import CHANCE, drafted, numbers, opaque, planted

DAY = date(2026, 11, 20)


def test_the_planted_probability_is_what_the_router_scores(trained: Trained):
    router = trained[0].router
    hard = [router.score(request_of(r)) for r in trained[2] if _hard(r)]
    easy = [router.score(request_of(r)) for r in trained[2] if not _hard(r)]
    assert np.mean(hard) == pytest.approx(CHANCE["hard"], abs=0.08)
    assert np.mean(easy) == pytest.approx(CHANCE["easy"], abs=0.04)


def _hard(row: GradedRow) -> bool:
    return bool({"prove", "derive", "integral", "theorem"} & set(row.prompt.split()))


def test_shuffled_labels_teach_nothing():
    found = []
    for seed in range(3):
        fit, test = held_out(planted(2000, seed, shuffled=True), share=0.5)
        artifact = train(fit, on=DAY)
        route = gains(artifact.router, test)
        value = apgr(np.array([r.cheap for r in test]), np.array([r.premium for r in test]), route)
        assert value is not None
        found += [value, artifact.training.apgr or 0.0]
    assert np.mean(found) == pytest.approx(0.5, abs=0.06)


def test_the_figures_out_of_fold_are_those_of_new_rows(trained: Trained):
    artifact, _, test = trained
    route = gains(artifact.router, test)
    new = apgr(np.array([r.cheap for r in test]), np.array([r.premium for r in test]), route)
    assert artifact.training.apgr == pytest.approx(new, abs=0.06)
    assert artifact.training.ece < 0.04
    assert artifact.training.learned == "text"
    assert artifact.training.apgr_interval is not None
    low, high = artifact.training.apgr_interval
    assert new is not None
    assert low < new < high
    assert high - low < 0.2


def test_a_repeated_prompt_cannot_be_learned_by_heart():
    # each prompt comes ten times with one grade drawn for all: leaking folds would score 1
    rng = np.random.default_rng(0)
    grades = (rng.random(60) < 0.5).astype(float)
    rows = [
        GradedRow(prompt=f"w{i}x y{i}z q{i}", cheap=0.0, premium=float(grades[i]))
        for i in range(60)
        for _ in range(10)
    ]
    found = train(rows, on=DAY).training.apgr
    assert found is not None
    assert found < 0.65


def test_the_same_rows_and_seed_give_the_same_bytes():
    rows = planted(300)
    assert dump(train(rows, seed=4, on=DAY)) == dump(train(rows, seed=4, on=DAY))


def test_quantised_weights_rank_as_the_exact_ones(trained: Trained):
    artifact, _, test = trained
    back = load(dump(artifact)).router
    exact, stored = gains(artifact.router, test), gains(back, test)
    assert np.abs(exact - stored).max() < 1e-3


def test_a_conversation_and_a_repeated_prompt_stay_in_one_fold():
    rows = [*planted(200), *[GradedRow(prompt="same", cheap=0, premium=1)] * 5]
    found: dict[str, set[int]] = {}
    for row, fold in zip(rows, folds(rows, 0).tolist(), strict=True):
        found.setdefault(row.conversation or row.prompt, set()).add(fold)
    assert all(len(numbers) == 1 for numbers in found.values())
    assert len(set.union(*found.values())) == 5


def test_the_latest_conversations_are_held_out():
    rows = planted(200)
    fit, test = held_out(rows, share=0.25)
    assert len(test) == 50
    assert max(r.time or 0 for r in fit) < min(r.time or 0 for r in test)


def test_a_conversation_is_never_cut_even_where_it_spans_the_split():
    rows = [
        msgspec.structs.replace(row, conversation=str(number % 7))
        for number, row in enumerate(planted(200))
    ]
    fit, test = held_out(rows)
    assert fit
    assert test
    assert not {r.conversation for r in fit} & {r.conversation for r in test}


def test_without_times_the_split_is_drawn_and_seeded():
    rows = [msgspec.structs.replace(row, time=None) for row in planted(400)]
    again = [held_out(rows, seed=seed)[1] for seed in (0, 0, 1)]
    assert again[0] == again[1] != again[2]
    assert len(again[0]) == pytest.approx(120, abs=2)


def test_a_fingerprint_is_of_the_rows_and_not_of_their_order():
    rows = planted(20)
    assert fingerprint(rows) == fingerprint(rows[::-1])
    assert fingerprint(rows) != fingerprint(rows[1:])
    assert fingerprint(rows) != fingerprint([*rows, rows[0]])


def test_costs_are_learned_by_token(trained: Trained):
    router = trained[0].router
    assert router.cheap_cost
    assert router.premium_cost
    assert router.cheap_cost(30) == pytest.approx(1300, abs=2)
    assert router.premium_cost(30) == pytest.approx(23_000, abs=2)


def test_unknown_costs_stay_unknown():
    rows = [msgspec.structs.replace(r, cheap_nano=None, premium_nano=None) for r in planted(100)]
    router = train(rows, on=DAY).router
    assert router.cheap_cost is None
    assert router.premium_cost is None


def test_a_category_that_tells_is_used():
    rng = np.random.default_rng(2)
    rows = [
        GradedRow(prompt=f"t{i}", category=c, cheap=0.0, premium=float(rng.random() < p))
        for i in range(400)
        for c, p in (("hard", 0.8), ("easy", 0.1))
    ]
    router = train(rows, on=DAY).router
    hard, easy, new = (router.score(Request(text="t", category=c)) for c in ("hard", "easy", "new"))
    assert hard > new > easy


def test_partial_scores_count_by_how_much_premium_was_better():
    rows = [GradedRow(prompt="x", cheap=c, premium=p) for c, p in ((0.5, 0.75), (1, 0), (0, 1))]
    assert upgrades(rows).tolist() == [0.25, 0.0, 1.0]


def test_a_calibration_rises_everywhere_even_where_the_data_do_not():
    rng = np.random.default_rng(0)
    line = calibrated(rng.normal(size=500), np.full(500, 0.4))
    scores = [line(gain) for gain in np.linspace(-1.9, 1.9, 50)]
    assert all(low < high for low, high in itertools.pairwise(scores))
    assert scores[25] == pytest.approx(0.4, abs=0.01)


@pytest.mark.parametrize("rows", [planted(49), planted(4)])
def test_too_few_rows_are_refused(rows: list[GradedRow]):
    with pytest.raises(ConfigError, match="too few"):
        train(rows, on=DAY)


def test_rows_of_one_conversation_are_refused():
    rows = [msgspec.structs.replace(row, conversation="one") for row in planted(100)]
    with pytest.raises(ConfigError, match="too few"):
        train(rows, on=DAY)


@pytest.mark.parametrize(("cheap", "premium"), [(0.0, 1.0), (1.0, 1.0), (1.0, 0.0)])
def test_grades_that_never_differ_still_give_a_router(cheap: float, premium: float):
    rows = [GradedRow(prompt=f"word{i} x", cheap=cheap, premium=premium) for i in range(60)]
    score = train(rows, on=DAY).router.score(Request(text="word"))
    assert score == pytest.approx(max(0.0, premium - cheap), abs=0.05)


def test_a_verifier_learns_from_drafts_what_no_request_tells():
    fit, test = held_out(drafted(3000), share=1 / 3)
    router, judge = (train(fit, verifier=kind, on=DAY) for kind in (False, True))
    assert (router.training.kind, judge.training.kind) == ("router", "verifier")
    cheap, premium = (np.array([getattr(r, n) for r in test]) for n in ("cheap", "premium"))
    alone, both = (apgr(cheap, premium, gains(a.router, test)) for a in (router, judge))
    assert alone is not None
    assert both is not None
    assert both > alone + 0.05
    low, high = (
        judge.router.score(Request(text=test[0].prompt, draft=Draft(agreement=agreement)))
        for agreement in (1.0, 0.0)
    )
    assert high > 1.5 * low


def test_a_router_never_sees_a_draft():
    with_drafts, without = (train(rows(600), on=DAY).router for rows in (drafted, planted))
    assert with_drafts.traits == without.traits
    assert not any(name.startswith("draft") for name in with_drafts.traits)


def test_a_verifier_without_drafts_is_refused():
    with pytest.raises(ConfigError, match="No row describes its draft"):
        train(planted(100), verifier=True, on=DAY)


def test_drafts_of_shuffled_grades_teach_a_verifier_nothing():
    rows = drafted(2000)
    order = np.random.default_rng(3).permutation(len(rows)).tolist()
    shuffled = [
        msgspec.structs.replace(row, cheap=rows[at].cheap, premium=rows[at].premium)
        for row, at in zip(rows, order, strict=True)
    ]
    fit, test = held_out(shuffled, share=0.5)
    judge = train(fit, verifier=True, on=DAY).router
    cheap, premium = (np.array([getattr(r, n) for r in test]) for n in ("cheap", "premium"))
    assert apgr(cheap, premium, gains(judge, test)) == pytest.approx(0.5, abs=0.1)


def vectors(directory: Path, rows: Sequence[GradedRow]) -> Vectors:
    with vector_file(directory / "v") as file:
        texts = [row.prompt for row in rows]
        file.add("m/e", texts, [numbers(text) for text in texts])
        return file.vectors("m/e", "endpoint")


def test_embeddings_that_help_join_the_router_and_are_needed_from_then_on(tmp_path: Path):
    rows = opaque(1500)
    known = vectors(tmp_path, rows)
    fit, test = held_out(rows)
    artifact = train(fit, vectors=known, on=DAY)
    training, head = artifact.training, artifact.router.head
    assert training.learned == "embeddings"
    assert head is not None
    assert (head.model, head.source, len(head.weights)) == ("m/e", "endpoint", 8)
    trial = training.embeddings
    assert trial is not None
    assert trial.kept
    assert trial.edge > 3 * trial.error > 0
    assert trial.apgr is not None
    assert training.apgr is not None
    assert training.apgr - trial.apgr > 0.15
    route = gains(artifact.router, test, known)
    cheap, premium = (np.array([getattr(r, side) for r in test]) for side in ("cheap", "premium"))
    assert apgr(cheap, premium, route) == pytest.approx(training.apgr, abs=0.08)
    back = load(dump(artifact)).router
    assert [back.gain(request_of(r), numbers(r.prompt)) for r in test] == pytest.approx(
        route.tolist(), abs=2e-3
    )
    with pytest.raises(ConfigError, match="needs embeddings of m/e"):
        gains(artifact.router, test)


def test_the_score_with_embeddings_is_the_planted_probability(tmp_path: Path):
    rows = opaque(3000)
    router = train(rows, vectors=vectors(tmp_path, rows), on=DAY).router
    scores = np.array([router.score(request_of(r), numbers(r.prompt)) for r in rows])
    assert scores.mean() == pytest.approx(upgrades(rows).mean(), abs=0.02)
    top = scores >= np.quantile(scores, 0.8)
    assert scores[top].mean() == pytest.approx(upgrades(rows)[top].mean(), abs=0.07)


def test_embeddings_that_do_not_help_are_dropped_and_the_router_is_the_same(tmp_path: Path):
    for count, rows in enumerate((planted(1500), opaque(1500, signal=False))):
        (tmp_path / str(count)).mkdir()
        tried = train(rows, vectors=vectors(tmp_path / str(count), rows), on=DAY)
        plain = train(rows, on=DAY)
        trial = tried.training.embeddings
        assert trial is not None
        assert not trial.kept
        assert tried.router.head is None
        assert msgspec.structs.replace(tried.training, embeddings=None) == plain.training
        assert gains(tried.router, rows).tolist() == gains(plain.router, rows).tolist()


def test_training_with_embeddings_is_repeatable(tmp_path: Path):
    rows = opaque(400)
    known = vectors(tmp_path, rows)
    assert dump(train(rows, vectors=known, on=DAY)) == dump(train(rows, vectors=known, on=DAY))


def test_a_verifier_takes_no_embeddings(tmp_path: Path):
    rows = drafted(100)
    with pytest.raises(ConfigError, match="does not look at embeddings"):
        train(rows, verifier=True, vectors=vectors(tmp_path, rows), on=DAY)


def test_a_row_without_its_embedding_stops_training(tmp_path: Path):
    rows = opaque(100)
    with pytest.raises(ConfigError, match="1 of 100 rows"):
        train(rows, vectors=vectors(tmp_path, rows[1:]), on=DAY)
