"""retry_after: seconds, a date, milliseconds, a plain no, or nothing that could be used."""

import math

import pytest

from headgate.gateway.retry_after import patience_of, seconds_of, told_of, whole


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("2", 2.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("inf", None),
        ("nan", None),
        ("soon", None),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0.0),
    ],
)
def test_a_wait_is_seconds_from_now(header, seconds):
    assert seconds_of(header, 10.0) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "2", "retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "2", "retry-after-ms": "soon"}, 2.0),
        ({"retry-after": "2", "x-should-retry": "true"}, 2.0),
        ({"retry-after": "2", "x-should-retry": "false"}, math.inf),
    ],
)
def test_the_most_exact_word_counts_and_a_no_for_good(headers, seconds):
    assert patience_of(headers.get, 10.0) == seconds


def test_the_caller_is_told_what_its_sdk_goes_by_and_nothing_else():
    headers = {"retry-after": "2", "x-should-retry": "false", "server": "x", "set-cookie": "y"}
    assert told_of(headers.get) == [("retry-after", "2"), ("x-should-retry", "false")]
    assert told_of({"retry-after-ms": "2\x00", "retry-after": "2"}.get) == [("retry-after", "2")]
    assert told_of({"server": "x"}.get) == []


@pytest.mark.parametrize(
    ("seconds", "header"),
    [(-1.0, "1"), (0.0, "1"), (0.2, "1"), (1.0, "1"), (1.1, "2"), (60.0, "60")],
)
def test_a_wait_of_our_own_is_told_in_whole_seconds_and_never_as_none(seconds, header):
    assert whole(seconds) == header
