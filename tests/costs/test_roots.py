"""roots: every change of sign, on lines, curves and jumps."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.costs.roots import Root, grid, roots

SMALL = Decimal("1e-20")
UNIT = grid(Decimal(0), Decimal(1), log=False)


def only(found: list[Root] | None) -> Root:
    assert found is not None
    (root,) = found
    return root


def test_a_grid_has_both_ends_and_equal_steps():
    points = grid(Decimal(0), Decimal(1), log=False, cells=4)
    assert points == [Decimal(n) / 4 for n in range(5)]


def test_a_logarithmic_grid_has_equal_ratios():
    points = grid(Decimal(1), Decimal(1000), log=True, cells=3)
    assert points == [1, 10, 100, 1000]


def test_a_range_of_one_point_is_that_point():
    assert grid(Decimal(3), Decimal(3), log=True) == [3]


@given(st.decimals("0.001", "0.999", places=6))
def test_the_root_of_a_line_is_exact(root):
    found = only(roots(lambda x: 3 * (x - root), UNIT, small=SMALL))
    assert abs(found.at - root) < Decimal("1e-19")
    assert (found.rising, found.jump) == (True, False)


def test_a_falling_function_is_said_to_fall():
    found = only(roots(lambda x: Decimal("0.3") - x, UNIT, small=SMALL))
    assert not found.rising


def test_all_roots_of_a_curve_are_found():
    at = [Decimal("0.11"), Decimal("0.52"), Decimal("0.87")]
    found = roots(lambda x: (x - at[0]) * (x - at[1]) * (x - at[2]), UNIT, small=SMALL) or []
    assert [round(root.at, 12) for root in found] == at
    assert [root.rising for root in found] == [True, False, True]


def test_a_jump_is_found_and_marked():
    found = only(roots(lambda x: Decimal(1 if x > Decimal("0.37") else -1), UNIT, small=SMALL))
    assert abs(found.at - Decimal("0.37")) < Decimal("1e-12")
    assert found.jump


def test_a_root_on_the_grid_is_that_point():
    found = only(roots(lambda x: x - Decimal("0.5"), UNIT, small=SMALL))
    assert found.at == Decimal("0.5")


def test_touching_zero_is_no_change_of_sign():
    assert roots(lambda x: (x - Decimal("0.5")) ** 2, UNIT, small=SMALL) == []


def test_a_function_that_is_zero_everywhere_has_no_roots_to_name():
    assert roots(lambda _: Decimal(0), UNIT, small=SMALL) is None


@pytest.mark.parametrize("power", [3, 9])
def test_flat_roots_are_found_within_the_tolerance(power):
    third = Decimal(1) / 3
    found = only(roots(lambda x: (x - third) ** power, UNIT, small=Decimal("1e-60")))
    assert abs(found.at - third) < Decimal("1e-6")
