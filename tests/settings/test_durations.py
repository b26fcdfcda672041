"""durations: a number with its unit, and the shortest text of a length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.settings.durations import DAY, lasting, seconds


@pytest.mark.parametrize(
    ("text", "length"),
    [("90s", 90), ("24h", DAY), ("7d", 7 * DAY), ("1.5m", 90), ("250ms", 0.25), ("2 w", 14 * DAY)],
)
def test_a_length_has_its_unit(text: str, length: float):
    assert seconds(text) == pytest.approx(length)
    assert seconds(f" {text} ") == seconds(text)


@pytest.mark.parametrize("text", ["", "s", "7", "7 days", "-1s", "1e3s", "7d 3h", "٧d", "1" * 99])
def test_what_is_no_length_is_told(text: str):
    with pytest.raises(ValueError, match="is not a duration such as 90s, 24h or 7d"):
        seconds(text)


@pytest.mark.parametrize(
    ("length", "text"),
    [(7 * DAY, "7d"), (90.0, "90s"), (120.0, "2m"), (5400.0, "90m"), (0.25, "0.25s"), (0.0, "0s")],
)
def test_a_length_is_written_in_the_largest_unit_that_divides_it(length: float, text: str):
    assert lasting(length) == text


@given(st.integers(1, 100_000))
def test_what_was_written_is_read_again(length: int):
    assert seconds(lasting(float(length))) == pytest.approx(length)
