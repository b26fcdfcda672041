"""keys_doubts: what a key's limits name and the settings do not have."""

from __future__ import annotations

import pytest

from headgate.access.limits import NO_LIMITS, Limits
from headgate.cli.keys_doubts import doubts
from headgate.settings import read

TOML = """
[tiers.cheap]
model = "sim/cheap-1"
[tiers.premium]
model = "anthropic/claude-sonnet-4-6"
[policies.careful]
kind = "none"
[providers.sim]
dialect = "openai"
base_url = "http://127.0.0.1:9/v1"
[providers.anthropic]
"""


@pytest.fixture
def told(tmp_path):
    file = tmp_path / "headgate.toml"
    file.write_text(TOML)
    settings = read(file, env={})
    return lambda limits: list(doubts(limits, settings))


@pytest.mark.parametrize(
    "limits",
    [
        NO_LIMITS,
        Limits(tiers=("cheap", "premium")),
        Limits(models=("sim/cheap-1", "anthropic/*", "*", "anth*", "*/claude-*", "sim/unlisted")),
        Limits(policies=("auto", "auto:careful", "auto:alias", "gpt-4o")),
    ],
)
def test_what_can_be_asked_for_is_not_doubted(told, limits):
    assert told(limits) == []


def test_a_tier_that_is_not_there_is_named_with_the_likeliest(told):
    (doubt,) = told(Limits(tiers=("premum", "cheap")))
    assert doubt == (
        "There is no tier 'premum'. Did you mean \"premium\"? The tiers are cheap, premium."
    )


def test_a_model_needs_a_provider_that_is_there(told):
    bare, starred, misspelt = told(Limits(models=("gpt-5", "gpt-*", "antropic/*")))
    assert starred == "No model is called 'gpt-*'. Write provider/model, such as sim/cheap-1."
    assert bare == "No model is called 'gpt-5'. Write provider/model, such as sim/cheap-1."
    assert misspelt == (
        "There is no provider 'antropic' for 'antropic/*'. Did you mean \"anthropic\"? "
        "The providers are sim, anthropic."
    )


def test_a_policy_is_named_as_callers_ask_for_it(told):
    (doubt,) = told(Limits(policies=("careful",)))
    assert "'auto:careful'" in doubt
