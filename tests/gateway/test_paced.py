"""paced: what is left of limits by the minute, in the words of the caller's API."""

from __future__ import annotations

from headgate.access.bucket import Bucket
from headgate.access.key import Key
from headgate.access.limits import Limits
from headgate.gateway.gate import Visitor
from headgate.gateway.paced import Paced, runs_low
from tests.gateway.callers import Asked
from tests.gateway.clocks import Stopped

LIMITS = Limits(requests_per_minute=60, tokens_per_minute=1000)


def bucket(per_minute: int, taken: int = 0) -> Bucket:
    made = Bucket(per_minute, Stopped().monotonic())
    made.take(taken)
    return made


def told(path: str, **buckets: list[Bucket]) -> dict[str, str]:
    """The headers of an answer to somebody with these buckets, but for its own."""
    visitor = Visitor(Key(id="k", name="k", digest="", limits=LIMITS, created_us=0))
    visitor.buckets.update(buckets)
    caller = Asked("POST", path)
    Paced(caller, visitor, Stopped()).respond(200, [("content-type", "x/y")], b"")
    assert caller.answer_headers.pop("content-type") == "x/y"
    return caller.answer_headers


def test_openais_words_are_told_where_its_apis_are_spoken():
    for path in ("/v1/chat/completions", "/v1/responses", "/v1/embeddings"):
        assert told(path, requests=[bucket(60, taken=3)], tokens=[bucket(1000, taken=501)]) == {
            "x-ratelimit-limit-requests": "60",
            "x-ratelimit-remaining-requests": "57",
            "x-ratelimit-reset-requests": "3s",
            "x-ratelimit-limit-tokens": "1000",
            "x-ratelimit-remaining-tokens": "499",
            "x-ratelimit-reset-tokens": "31s",
        }


def test_anthropics_words_are_told_where_its_api_is_spoken():
    for path in ("/v1/messages", "/v1/messages/count_tokens"):
        headers = told(path, requests=[bucket(60, taken=3)])
        assert headers.pop("anthropic-ratelimit-requests-reset").endswith("Z")
        assert headers == {
            "anthropic-ratelimit-requests-limit": "60",
            "anthropic-ratelimit-requests-remaining": "57",
        }


def test_of_a_keys_and_a_teams_limit_the_one_with_less_left_is_told():
    headers = told("/v1/responses", requests=[bucket(600, taken=590), bucket(60)])
    assert headers["x-ratelimit-remaining-requests"] == "10"
    assert headers["x-ratelimit-limit-requests"] == "600"


def test_it_runs_low_where_less_than_half_of_any_limit_is_left():
    visitor = Visitor(Key(id="k", name="k", digest="", limits=LIMITS, created_us=0))
    assert not runs_low(visitor), "nothing was drawn yet"
    visitor.buckets["requests"] = [bucket(60, taken=30), bucket(600)]
    assert not runs_low(visitor)
    visitor.buckets["tokens"] = [bucket(1000), bucket(1000, taken=501)]
    assert runs_low(visitor)


def test_where_nothing_was_drawn_or_nothing_ever_flows_nothing_is_told():
    assert told("/v1/responses") == {}
    assert told("/v1/responses", tokens=[bucket(0)]) == {}
