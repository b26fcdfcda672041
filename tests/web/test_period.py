"""period: lengths, days and what they are narrowed to, read from a URL."""

import pytest

from headgate.errors import ConfigError
from headgate.ledger.totals import DAY_US, HOUR_US
from headgate.web.period import PERIODS, day_text, moment_text, period_of
from tests.ledger.samples import NOON_US


def test_without_a_word_it_is_the_usual_length():
    assert period_of({}, NOON_US) == period_of({"since": "30d"}, NOON_US)
    assert period_of({}, NOON_US, usual="7d").since == "7d"


@pytest.mark.parametrize("since", [name for name in PERIODS if name != "all"])
def test_a_length_begins_with_a_whole_hour_and_ends_now(since):
    window = period_of({"since": since}, NOON_US + 5).window
    assert window.since_us is not None
    assert window.since_us % HOUR_US == 0
    assert 0 <= NOON_US + 5 - PERIODS[since][0] - window.since_us < HOUR_US
    assert window.until_us == NOON_US + 6


def test_all_has_no_beginning():
    assert period_of({"since": "all"}, NOON_US).window.since_us is None


def test_days_are_whole_and_the_last_one_is_included():
    period = period_of({"from": "2026-11-01", "to": "2026-11-02", "since": "7d"}, NOON_US)
    since, until = period.window
    assert (day_text(since or 0), day_text(until or 0)) == ("2026-11-01", "2026-11-03")
    assert (until or 0) - (since or 0) == 2 * DAY_US
    assert period.since == ""


def test_one_day_may_be_left_open():
    assert period_of({"from": "2026-11-01"}, NOON_US).window.until_us == NOON_US + 1
    assert period_of({"to": "2026-11-01"}, NOON_US).window.since_us is None


def test_what_is_narrowed_comes_back_in_the_url():
    query = {"since": "7d", "route": "/v1/messages", "key": "", "nonsense": "x"}
    assert period_of(query, NOON_US).query() == {"since": "7d", "route": "/v1/messages"}


@pytest.mark.parametrize(
    "query",
    [
        {"since": "1y"},
        {"from": "yesterday"},
        {"to": "x"},
        {"from": "2026-11-02", "to": "2026-11-01"},
    ],
)
def test_what_cannot_be_read_is_named(query):
    with pytest.raises(ConfigError):
        period_of(query, NOON_US)


def test_moments_are_utc_to_the_second():
    assert moment_text(NOON_US) == "2026-11-23 12:00:00"
