"""The learned router: the gain is the sum of its reasons, the score rises with it."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.routing.features import Request
from headgate.routing.router import Calibration, CostModel, Head, Router
from tests.routing.routers import small_router


def close(gain: float) -> object:
    """As near as weights of 8 bits come."""
    return pytest.approx(gain, abs=0.003)


LINE = Calibration((-2.0, 0.0, 2.0), (0.0, 0.2, 1.0))


def test_known_features_add_up_and_unknown_ones_count_nothing():
    router = small_router()
    plain = router.gain(Request(text="zzz"))
    assert plain == pytest.approx(0.1)
    assert router.gain(Request(text="zzz", category="maths")) == pytest.approx(0.35)
    assert router.gain(Request(text="prove that zzz")) == close(0.1 + 0.5 + 0.125)


def test_distinct_words_are_pooled_by_the_root_of_their_number():
    router = small_router()
    assert router.gain(Request(text="prove hello")) == close(0.1 + (0.5 - 0.25) / sqrt(2))


def test_what_a_text_repeats_counts_once():
    router = small_router()
    assert router.gain(Request(text="hello hello hello hello")) == close(0.1 - 0.25)


def test_the_numbers_of_a_shape_are_looked_up_as_their_names_say():
    router = small_router()
    shaped = Router(
        bias=0.0,
        traits={"words~3": 0.5, "'?'~1": 0.25, "json_schema~1": 2.0, "words~": 9, "words~x": 9}
        | {f"words~{'9' * 9000}": 9},
        calibration=router.calibration,
    )
    request = Request(text="to be?", json_schema=True)
    assert shaped.gain(request) == pytest.approx(2.75)
    assert {reason.name for reason in shaped.reasons(request)} == {
        "words~3",
        "'?'~1",
        "json_schema~1",
    }


@given(
    st.text(alphabet="prove thaloß x界\n", max_size=60),
    st.sampled_from(["", "maths", "no"]),
)
def test_the_reasons_add_up_to_the_gain(text: str, category: str):
    router = small_router()
    request = Request(text=text, category=category)
    total = router.bias + sum(reason.gain for reason in router.reasons(request))
    assert total == pytest.approx(router.gain(request))


def test_the_strongest_reason_comes_first_and_is_readable():
    reasons = small_router().reasons(Request(text="Prove that!", category="chat"))
    assert [(r.kind, r.name) for r in reasons] == [
        ("word", "prove"),
        ("trait", "category=chat"),
        ("pair", "prove that"),
    ]


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_a_higher_gain_never_has_a_lower_probability(one: float, other: float):
    low, high = sorted((one, other))
    assert 0 <= LINE(low) <= LINE(high) <= 1


def test_a_calibration_is_straight_between_its_knots():
    assert [LINE(gain) for gain in (-9.0, -1.0, 0.0, 1.0, 9.0)] == pytest.approx(
        [0.0, 0.1, 0.2, 0.6, 1.0]
    )


def test_a_cost_has_a_fixed_part_and_one_for_each_token():
    assert CostModel(1000.0, 2.5)(100) == 1250
    assert CostModel(-1000.0, 2.5)(100) == 0


HEAD = Head("google/embedder", "endpoint", (0.5, -0.25))


def test_an_embedding_counts_by_its_direction_and_not_by_its_length():
    assert HEAD((3.0, 4.0)) == HEAD((30.0, 40.0)) == pytest.approx(0.3 - 0.2)
    assert HEAD((0.0, 0.0)) == 0.0


def test_a_router_with_a_head_adds_the_embeddings_part_to_the_rest():
    request = Request(text="prove that", category="maths")
    plain, headed = small_router(), small_router(HEAD)
    assert headed.gain(request, (1.0, 0.0)) == pytest.approx(plain.gain(request) + 0.5)
    assert headed.score(request, (1.0, 0.0)) > plain.score(request)
    assert headed.text_gain(request) == plain.gain(request)
    parts = headed.reasons(request, (1.0, 0.0))
    assert ("embedding", "google/embedder", 0.5) in parts
    total = headed.bias + sum(reason.gain for reason in parts)
    assert total == pytest.approx(headed.gain(request, (1.0, 0.0)))


@pytest.mark.parametrize("vector", [(), (1.0,), (1.0, 2.0, 3.0)])
def test_without_an_embedding_that_fits_there_is_no_score(vector: tuple[float, ...]):
    with pytest.raises(ValueError, match="google/embedder makes 2 numbers"):
        small_router(HEAD).score(Request(text="prove that"), vector)


@pytest.mark.parametrize("vector", [(1.7e308, 1.7e308), (float("inf"), 0.0), (float("nan"), 1.0)])
def test_an_embedding_beyond_all_measure_is_refused(vector: tuple[float, float]):
    with pytest.raises(ValueError, match="measure"):
        Head("m/e", "endpoint", (20.0, -20.0))(vector)
