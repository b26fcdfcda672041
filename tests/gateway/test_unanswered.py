"""unanswered: where nobody answers, the caller hears why, in its dialect, and what would help."""

from __future__ import annotations

import msgspec
import pytest

from headgate.errors import UpstreamError
from headgate.gateway.unanswered import Refusal, kind_of, late, resting, told, unfit
from headgate.values import ModelRef

MODEL = ModelRef("anthropic", "claude-haiku-4-5")


def said(refusal: Refusal) -> str:
    """The words of a refusal."""
    return str(msgspec.json.decode(refusal[1])["error"]["message"])


@pytest.mark.parametrize(
    ("seconds", "after"), [(-1.0, "1"), (0.0, "1"), (0.2, "1"), (12.0, "12"), (12.1, "13")]
)
def test_a_model_that_rests_is_named_with_the_whole_seconds_until_it_may_be_asked(seconds, after):
    refusal = resting("openai", MODEL, seconds)
    assert refusal[0] == 503
    assert refusal[2] == [("retry-after", after)]
    assert "anthropic/claude-haiku-4-5 keeps failing" in said(refusal)
    assert "Try again later." in said(refusal)


def test_a_request_that_fits_no_tier_hears_what_each_of_them_lacks():
    refusal = unfit("openai", {"cheap": "images", "premium": "context"})
    assert refusal[0] == 400
    assert refusal[2] == ()
    assert "cheap (images), premium (context)" in said(refusal)
    assert msgspec.json.decode(refusal[1])["error"]["code"] == "no_capable_tier"


def test_a_request_whose_time_ran_out_hears_how_long_it_was_and_where_it_is_set():
    refusal = late("openai", 2.5)
    assert (refusal[0], refusal[2]) == (504, ())
    assert "No answer within 2.5 s." in said(refusal)
    assert "[resilience] request_timeout" in said(refusal)


def test_each_dialect_has_its_own_form():
    error = UpstreamError("No.", kind="reset", status=502)
    assert "type" not in msgspec.json.decode(told("openai", error)[1])
    assert msgspec.json.decode(told("anthropic", error)[1])["type"] == "error"
    assert told("openai", error)[0] == told("anthropic", error)[0] == 502


LONG = b'{"error": {"code": "context_length_exceeded", "message": "too long"}}'


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_a_provider_that_does_not_serve_us_leaves_a_routed_request_to_the_next_tier(status):
    assert kind_of(status, b"{}", pinned=False, kept=False) == "account"
    assert kind_of(status, b"{}", pinned=True, kept=False) == "status"
    assert kind_of(status, b"{}", pinned=False, kept=True) == "status"


def test_a_request_too_long_for_its_model_is_the_next_ones_unless_the_model_was_named():
    assert kind_of(400, LONG, pinned=False, kept=False) == "overflow"
    assert kind_of(400, LONG, pinned=True, kept=False) == "status"


@pytest.mark.parametrize("status", [400, 413, 422, 429, 500, 503])
def test_any_other_refusal_is_told_by_its_status(status):
    assert kind_of(status, b"{}", pinned=False, kept=False) == "status"
