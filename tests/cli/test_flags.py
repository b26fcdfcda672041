"""flags: a day is read, and what cannot be used is told under its flag."""

from datetime import UTC, date, datetime

import pytest

from headgate.cli.flags import bad_flag, day_of
from headgate.errors import ConfigError


def test_a_day_is_read_and_none_is_today():
    assert day_of("2026-11-20") == date(2026, 11, 20)
    before = datetime.now(UTC).date()
    assert before <= day_of(None) <= datetime.now(UTC).date()


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "20.11.2026"])
def test_what_is_no_day_is_told_with_how_to_write_one(text):
    with pytest.raises(ConfigError) as caught:
        day_of(text, what="The estimate")
    assert caught.value.message == "The estimate cannot be made:"
    (fault,) = caught.value.faults
    assert (fault.field, fault.fix) == ("--at", "Write it as 2026-11-20.")
    assert repr(text) in fault.message


def test_a_flag_that_cannot_be_used_is_named_and_what_needs_it():
    told = str(bad_flag("--x", "No.", "Yes.", what="The bread"))
    assert told == "The bread cannot be made:\n  --x: No. Yes."
