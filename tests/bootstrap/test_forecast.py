"""forecast: what the gateway would do, by its own policies, guard and exchange."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from headgate.bootstrap.book import book_of
from headgate.bootstrap.forecast import Forecast, Forecaster
from headgate.errors import UnknownModelError
from headgate.routing.artifact import dump
from headgate.routing.policies import Origin
from headgate.routing.router import Head
from headgate.values import nano_from_usd
from headgate.wire.lane import read
from tests.routing.routers import small_artifact
from tests.settings.files import GOOD, Desk

AT = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "r.headgate").write_bytes(dump(small_artifact()))
    return Desk(tmp_path)


def forecast(desk: Desk, text: str, *sets: str, origin: Origin = Origin(), **body) -> Forecast:  # noqa: B008
    settings = desk.read(text, *sets).settings
    request = {"model": "auto", "messages": [{"role": "user", "content": "hello"}], **body}
    inbound = read("openai", msgspec.json.encode(request), {})
    return Forecaster(settings, book_of(settings), AT).of(inbound, origin)


def kind(name: str, *lines: str) -> str:
    old = 'kind = "model"\nmodel = "google/gemini-2.5-flash"'
    return GOOD.replace(old, "\n".join([f'kind = "{name}"', *lines]))


LEARNED = kind("learned", 'router = "r.headgate"')


def test_a_learned_router_decides_and_every_tier_has_its_price(desk: Desk):
    found = forecast(desk, LEARNED, max_tokens=100)
    assert (found.outcome, found.tier, found.reason) == ("call", "cheap", "router")
    assert found.model == "anthropic/claude-haiku-4-5"
    assert found.score is not None
    assert found.score < 0.25 == found.threshold
    assert found.output_tokens == 100
    # 1 and 5, 3 and 15 dollars a million
    reads = found.input_tokens
    assert found.costs == {
        "cheap": nano_from_usd(1) * reads // 10**6 + nano_from_usd("0.0005"),
        "premium": nano_from_usd(3) * reads // 10**6 + nano_from_usd("0.0015"),
    }


def test_without_a_longest_answer_the_planned_one_is_reckoned_with(desk: Desk):
    assert forecast(desk, LEARNED, "traffic.output_tokens=777").output_tokens == 777


def test_a_classifier_that_would_have_to_be_asked_is_named_and_nothing_is_guessed(desk: Desk):
    found = forecast(desk, GOOD)
    assert (found.outcome, found.would_ask) == ("ask classifier", ("classifier",))
    assert (found.model, found.reason) == ("google/gemini-2.5-flash", "classifier")
    assert found.tier == "premium"  # which answers where the classifier fails


def test_a_cascade_drafts_and_names_who_would_be_asked(desk: Desk):
    asked = ('second_model = "google/gemini-2.5-flash"', 'judge_model = "google/gemini-2.5-pro"')
    found = forecast(desk, kind("cascade", *asked))
    assert (found.tier, found.draft, found.would_ask) == ("cheap", True, ("second", "judge"))


def test_tiers_that_cannot_serve_the_request_are_ruled_out(desk: Desk):
    found = forecast(desk, LEARNED, "tiers.cheap.context=2")
    assert (found.tier, found.reason) == ("premium", "guard:context")
    assert found.ruled_out == {"cheap": "context"}


def test_a_dialect_that_cannot_carry_the_request_is_ruled_out(desk: Desk):
    sets = ("tiers.premium.model=google/gemini-2.5-pro",)
    found = forecast(desk, LEARNED, *sets, logprobs=True)
    assert (found.tier, found.reason) == ("premium", "guard:dialect")
    found = forecast(desk, LEARNED, logprobs=True)
    assert (found.outcome, found.tier) == ("refuse", None)
    assert found.ruled_out == {"cheap": "dialect", "premium": "dialect"}


def test_a_request_that_no_tier_can_serve_would_be_refused(desk: Desk):
    found = forecast(desk, LEARNED, "tiers.cheap.context=2", "tiers.premium.context=2")
    assert (found.outcome, found.tier, found.model) == ("refuse", None, None)


def test_a_route_leads_to_another_policy(desk: Desk):
    text = LEARNED + '[policies.best]\nkind = "none"\n[[routes]]\npolicy = "best"\nkey = "k"\n'
    assert forecast(desk, text, origin=Origin("", "k")).policy == "best"
    assert forecast(desk, text).policy == "auto"


def test_a_pin_is_a_pin(desk: Desk):
    found = forecast(desk, LEARNED, model="google/gemini-2.5-pro")
    assert (found.reason, found.policy, found.tier) == ("pinned", "", "pinned")
    assert found.model == "google/gemini-2.5-pro"
    with pytest.raises(UnknownModelError):
        forecast(desk, LEARNED, model="nonsense")


def test_what_has_no_price_costs_none_and_not_nothing(desk: Desk):
    found = forecast(desk, LEARNED, "tiers.cheap.model=google/no-such-model")
    assert found.costs["cheap"] is None


def test_a_router_that_needs_an_embedding_would_have_it_asked_for(desk: Desk):
    head = Head("google/embedder", "endpoint", (1.0,))
    (desk.path.parent / "r.headgate").write_bytes(dump(small_artifact(head=head)))
    found = forecast(desk, LEARNED)
    assert (found.outcome, found.would_ask, found.reason) == (
        "ask classifier",
        ("embedding",),
        "embedding",
    )
    assert (found.model, found.tier, found.score) == ("google/embedder", "premium", None)
