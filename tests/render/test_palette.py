"""palette: a colour means one thing, in every chart."""

import doctest

import headgate.render.palette
from headgate.render.palette import CHEAP, COLOURS, OTHERS, PAIR, PREMIUM, ROUTED, tier_colour


def test_the_examples_in_the_docstring_hold():
    assert doctest.testmod(headgate.render.palette).failed == 0


def test_the_ends_keep_their_colours_however_many_tiers_there_are():
    for tiers in range(2, 8):
        colours = [tier_colour(position, tiers) for position in range(tiers)]
        assert colours[0] == CHEAP
        assert colours[-1] == PREMIUM
        assert all(0 <= colour < COLOURS for colour in colours)


def test_up_to_five_tiers_are_told_apart():
    assert len({tier_colour(position, 5) for position in range(5)}) == 5


def test_what_is_no_tier_has_no_tiers_colour():
    for colours in (PAIR, OTHERS):
        assert not {CHEAP, PREMIUM} & set(colours)
        assert len(set(colours)) == len(colours)
    assert ROUTED not in OTHERS
