"""gateway: what the settings say is what the parts of a gateway get."""

from __future__ import annotations

import time
from itertools import count, takewhile

import pytest

from headgate.bootstrap.clock import SystemClock
from headgate.bootstrap.gateway import (
    models_of_ours,
    need_keys,
    new_request_id,
    plant_of,
    upstream_of,
)
from headgate.errors import ConfigError
from headgate.ledger.entry import Entry
from headgate.settings import read
from headgate.values import ModelRef


class Nobody:
    def record(self, entry: Entry) -> None:
        raise AssertionError("nothing is asked yet")


@pytest.mark.parametrize(("workers", "retries"), [(1, 10), (2, 5), (4, 3), (50, 1)])
def test_workers_share_the_retries_that_a_second_may_have(workers, retries):
    """A part of one has no meaning in a second: four workers have two and a half each, in that."""
    sets = (f"server.workers={workers}", "resilience.retry_floor=10", "resilience.retry_share=0")
    settings = read(None, env={}, sets=sets)
    plant = plant_of(
        settings,
        {name: "k" for one in settings.providers if (name := one.api_key_env)},
        upstream=upstream_of(settings),
        recorder=Nobody(),
        clock=SystemClock(),
    )
    model = plant.policies.tiers[0].model
    assert plant.brakes.may_call(model, 100.0)
    assert len([*takewhile(lambda _: plant.brakes.may_retry(model, 100.0), count())]) == retries


def test_a_missing_key_is_told_with_what_else_hinders_the_start():
    decided = ("classifier.kind=learned", "classifier.router=nowhere.headgate")
    settings = read(None, env={}, sets=decided)
    env = {"ANTHROPIC_API_KEY": "x", "GEMINI_API_KEY": "x"}
    need_keys(settings, env)
    with pytest.raises(ConfigError) as caught:
        need_keys(settings, env | {"GEMINI_API_KEY": ""})
    router, key = (str(fault) for fault in caught.value.told)
    assert "nowhere.headgate" in router
    assert "GEMINI_API_KEY is not set" in key


def test_a_missing_key_alone_is_told_alone():
    with pytest.raises(ConfigError, match="Keys are missing") as caught:
        need_keys(read(None, env={}), {"GEMINI_API_KEY": "x"})
    assert [fault.field for fault in caught.value.told] == ["providers.anthropic.api_key_env"]


def test_a_requests_id_begins_with_its_millisecond():
    before = time.time_ns() // 1_000_000
    kind, _, digits = new_request_id().partition("_")
    assert (kind, len(digits)) == ("req", 32)
    assert before <= int(digits[:12], 16) <= time.time_ns() // 1_000_000


def a_provider(name: str, dialect: str = "openai") -> tuple[str, ...]:
    version = "/v1" if dialect == "openai" else ""
    return (
        f"providers.{name}.dialect={dialect}",
        f"providers.{name}.base_url=http://{name}.test{version}",
        f"providers.{name}.api_key_env=KEY",
    )


@pytest.mark.parametrize(
    ("sets", "model"),
    [
        ((), None),  # Anthropic and Google
        (a_provider("openai"), "openai/omni-moderation-latest"),
        (a_provider("house"), "house/omni-moderation-latest"),
        ((*a_provider("house"), *a_provider("yard", "anthropic")), "house/omni-moderation-latest"),
        ((*a_provider("house"), *a_provider("yard")), None),
        ((*a_provider("house"), *a_provider("openai")), "openai/omni-moderation-latest"),
        (("server.moderation_model=google/x", *a_provider("openai")), "google/x"),
    ],
)
def test_a_moderation_without_a_model_goes_where_it_is_clear_whose(sets, model):
    ours = models_of_ours(read(None, env={}, sets=sets))
    assert ours == ({} if model is None else {"/moderations": ModelRef.parse(model)})


def test_whoever_is_set_for_pictures_makes_and_edits_them():
    ours = models_of_ours(read(None, env={}, sets=("server.image_model=google/x",)))
    drawn = ModelRef("google", "x")
    assert ours == {"/images/generations": drawn, "/images/edits": drawn}


def test_retries_of_what_is_passed_through_are_those_of_the_settings():
    sets = ("server.workers=2", "resilience.retry_floor=10", "resilience.retry_share=0")
    settings = read(None, env={}, sets=sets)
    plant = plant_of(
        settings,
        {name: "k" for one in settings.providers if (name := one.api_key_env)},
        upstream=upstream_of(settings),
        recorder=Nobody(),
        clock=SystemClock(),
    )
    model = ModelRef("google", "any")
    assert len([*takewhile(lambda _: plant.retries.may_retry(model, 100.0), count())]) == 5
