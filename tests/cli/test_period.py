"""period: moments as people type them."""

from datetime import UTC, datetime

import click
import pytest

from headgate.cli.period import window

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def micros(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1_000_000  # type: ignore[misc,arg-type]


def test_nothing_given_is_the_whole_ledger():
    assert window(None, None, NOW) == (None, None)


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("7d", (2026, 11, 16, 12)),
        ("24h", (2026, 11, 22, 12)),
        ("90m", (2026, 11, 23, 10, 30)),
        ("1.5h", (2026, 11, 23, 10, 30)),
        ("2026-11-01", (2026, 11, 1)),
        ("2026-11-01T06:30", (2026, 11, 1, 6, 30)),
        ("2026-11-01 06:30", (2026, 11, 1, 6, 30)),
        ("2026-11-01T06:30:00Z", (2026, 11, 1, 6, 30)),
        ("2026-11-01T06:30+02:00", (2026, 11, 1, 4, 30)),
    ],
)
def test_a_beginning_is_a_length_a_day_or_a_time(text, since):
    assert window(text, None, NOW) == (micros(*since), None)


def test_a_day_as_the_end_is_taken_to_its_last_moment():
    assert window("2026-11-01", "2026-11-30", NOW) == (micros(2026, 11, 1), micros(2026, 12, 1))
    assert window("2026-11-05", "2026-11-05", NOW) == (micros(2026, 11, 5), micros(2026, 11, 6))


def test_a_time_as_the_end_is_taken_as_it_is():
    assert window(None, "2026-11-30T00:00", NOW) == (None, micros(2026, 11, 30))
    assert window("7d", "1d", NOW) == (micros(2026, 11, 16, 12), micros(2026, 11, 22, 12))


def test_microseconds_are_kept():
    assert window("2026-11-01T00:00:00.000001", None, NOW) == (micros(2026, 11, 1) + 1, None)


@pytest.mark.parametrize(
    "text", ["yesterday", "7", "7 days", "2026-13-01", "2026-02-30", "", "999999999999d", "0000"]
)
def test_what_is_no_moment_is_refused_with_the_forms(text):
    with pytest.raises(click.BadParameter, match=r"7d.*2026-11-01") as refused:
        window(text, None, NOW)
    assert refused.value.param_hint == "--since"
    with pytest.raises(click.BadParameter):
        window(None, text, NOW)


@pytest.mark.parametrize(("since", "until"), [("1d", "7d"), ("2026-11-24", "2026-11-01")])
def test_an_end_before_its_beginning_is_refused(since, until):
    with pytest.raises(click.BadParameter, match="is not before"):
        window(since, until, NOW)
