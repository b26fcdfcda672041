"""http1_refusals: each says whose fault it is, by a status and a code, and what to do."""

from __future__ import annotations

import httptools
import pytest

from headgate.errors import RequestError
from headgate.gateway.http1_refusals import head_too_large, malformed, too_large, too_slow


@pytest.mark.parametrize(
    ("error", "status", "code", "word"),
    [
        (too_large(12), 413, "request_too_large", "12 bytes"),
        (head_too_large(34), 431, "headers_too_large", "34 bytes"),
        (malformed(httptools.HttpParserError("no verb")), 400, "bad_http", "no verb"),
        (too_slow(), 408, "request_timeout", "in time"),
    ],
)
def test_each_has_its_status_its_code_and_a_way_out(
    error: RequestError, status: int, code: str, word: str
):
    assert (error.status, error.code) == (status, code)
    assert word in error.message
    assert error.fix


def test_of_bytes_that_are_no_http_the_first_cause_is_told():
    error = httptools.HttpParserCallbackError("the parser stopped")
    error.__context__ = ValueError("a request names exactly one host")
    assert "exactly one host" in malformed(error).message
