"""The reservoir: every item has the same chance, strata get their share, parts merge."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.analysis.reservoir import Reservoir


def filled(items, size=5):
    reservoir: Reservoir[object] = Reservoir(size)
    for name, stratum, lot in items:
        reservoir.add(name, stratum, lot)
    return reservoir


def test_every_item_is_chosen_equally_often():
    draw = random.Random(1)
    sizes = {"a": 13, "b": 5, "c": 1}
    times: Counter[str] = Counter()
    rounds = 4000
    for _ in range(rounds):
        items = [(f"{s}{n}", s, draw.random()) for s, size in sizes.items() for n in range(size)]
        times.update(drawn.item for drawn in filled(items).choose(5, draw.random()))
    expected = rounds * 5 / 19
    assert all(abs(n - expected) < 5 * expected**0.5 for n in times.values())
    assert len(times) == 19


def test_strata_get_their_share_rounded_up_or_down():
    draw = random.Random(2)
    items = [(n, "ab"[n % 4 == 0], draw.random()) for n in range(100)]
    chosen = filled(items, 10).choose(10, draw.random())
    assert Counter(drawn.stratum for drawn in chosen)["b"] in (2, 3)
    assert len(chosen) == 10
    assert chosen == sorted(chosen, key=lambda drawn: drawn.lot)


def test_all_are_chosen_where_there_are_few():
    assert len(filled([(1, "a", 0.5), (2, "", 0.1)]).choose(5, 0.99)) == 2
    assert filled([]).choose(5, 0.5) == []


def test_a_larger_choice_holds_most_of_the_smaller():
    draw = random.Random(3)
    items = [(n, "ab"[n % 2], draw.random()) for n in range(200)]
    small = {drawn.item for drawn in filled(items, 20).choose(20, 0.3)}
    large = {drawn.item for drawn in filled(items, 40).choose(40, 0.3)}
    assert len(small & large) >= 19


ITEMS = st.lists(st.tuples(st.integers(), st.sampled_from("abc"), st.floats(0, 1)), max_size=30)


@given(st.lists(ITEMS, min_size=3, max_size=3))
def test_merging_in_any_order_keeps_what_one_pass_keeps(parts):
    draw = random.Random(0)
    parts = [[(name, stratum, draw.random()) for name, stratum, _ in part] for part in parts]
    a, b, c = (filled(part, 2) for part in parts)
    whole = filled([item for part in parts for item in part], 2)
    for merged in (a.merge(b).merge(c), a.merge(b.merge(c)), c.merge(a).merge(b)):
        assert merged.counts == whole.counts
        assert [merged.kept(s) for s in "abc"] == [whole.kept(s) for s in "abc"]


def test_reservoirs_of_different_sizes_do_not_merge():
    with pytest.raises(ValueError, match="different sizes"):
        Reservoir(1).merge(Reservoir(2))
