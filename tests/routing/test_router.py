"""The learned router: the gain is the sum of its reasons, the score rises with it."""

from __future__ import annotations

from functools import reduce
from math import sqrt
from operator import add
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.routing.draft import Draft
from headgate.routing.features import LETTERS, SHAPES, Request, beyond, ends, shape, whole
from headgate.routing.ngrams import sums_in_python
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
    st.text(alphabet="prove hello?12ß x界\n\ud800", max_size=2000),
    st.sampled_from(["", "maths", "no"]),
    st.sampled_from(["", "You are kind.", "\ud800", "You are not."]),
    st.one_of(st.integers(0, 9000), st.integers(0, 2**40)),
    st.sampled_from([None, Draft(chars=7, failed=("schema",))]),
)
def test_a_gain_is_what_it_is_step_by_step_to_the_last_bit(text, category, system, tokens, draft):
    small = small_router()
    traits = {
        "route=/v1": 0.7,
        f"system={crc32(b'You are kind.')}": 0.3,
        f"system={crc32(b'?')}": 9,
    }
    traits |= {"category=maths": 0.1, "draft failed=schema": 0.01, "tokens~5": 0.07, "'?'~0": 1 / 3}
    router = Router(bias=0.1, traits=traits, calibration=LINE, words=small.words, pairs=small.pairs)
    request = Request(
        text=text, category=category, route="/v1", system=system, tokens=tokens, draft=draft
    )
    belongs = [traits[name] for name in whole(request) if name in traits]
    base = 0.1 + reduce(add, belongs, 0.0)
    raw = ends(text).encode(errors="replace")
    said, *sums = sums_in_python(
        raw if text.isascii() else beyond(ends(text)), LETTERS, small.words.bytes, small.pairs.bytes
    )
    numbers = map("{}{}".format, SHAPES, shape(request, raw, said))
    base += reduce(add, [traits.get(name, 0.0) for name in numbers], 0.0)
    gain = base + (small.words.part(*sums[:2]) + small.pairs.part(*sums[2:]))
    assert router.gain(request).hex() == gain.hex()
    assert router.score(request) == LINE(gain)


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
