"""days: rows by the stretch of time that they are drawn with."""

import numpy as np
import pytest

from headgate.analysis.days import DAY, HOUR, days_of


def test_five_days_of_rows_are_days_and_fewer_are_hours():
    times = np.arange(0, 5 * DAY, HOUR, dtype=float)
    found = days_of(times)
    assert found is not None
    assert (found.by, found.days, int(found.number.max())) == ("day", 5, 4)
    fewer = days_of(times[: 4 * 24])
    assert fewer is not None
    assert (fewer.by, fewer.days, int(fewer.number.max())) == ("hour", 4, 4 * 24 - 1)


def test_days_with_hardly_a_row_count_for_hardly_a_day():
    times = np.array([0.0] * 500 + [float(day * DAY) for day in range(1, 9)])
    assert days_of(times) is None


def test_without_times_or_with_too_few_hours_there_is_nothing_to_tell():
    assert days_of(None) is None
    assert days_of(np.array([])) is None
    assert days_of(np.arange(7.0) * HOUR) is None


def test_the_p_value_does_not_depend_on_how_many_rows_a_day_has_if_they_are_alike():
    gains = np.array([0.2, -0.1, 0.3, 0.1, 0.2, -0.05])
    days = np.arange(6.0) * DAY
    once, often = days_of(days), days_of(np.repeat(days, 50))
    assert once is not None
    assert often is not None
    assert once.p_value(gains) == pytest.approx(often.p_value(np.repeat(gains, 50)))
