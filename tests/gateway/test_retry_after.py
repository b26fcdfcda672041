"""Retry-After: seconds, a date, or nothing that could be used."""

import pytest

from headgate.gateway.retry_after import seconds_of


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
