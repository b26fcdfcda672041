"""archetypes: each is a valid file, says where its figures come from, and makes a plan."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

import headgate.bootstrap.archetypes
from headgate.bootstrap.archetypes import NAMES, archetype
from headgate.bootstrap.book import book_of
from headgate.bootstrap.scenario import scenario_of
from headgate.costs.model import evaluate
from headgate.errors import ConfigError
from headgate.settings import read, read_with_sources

TODAY = date(2026, 11, 20)


def scenario_by(name: str):
    settings = read(archetype(name).path, env={})
    return scenario_of(settings, book_of(settings, env={}), TODAY)


def test_every_file_of_the_package_is_an_archetype():
    here = Path(headgate.bootstrap.archetypes.__file__).parent
    assert {path.stem for path in here.glob("*.toml")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_a_valid_file_that_warns_of_nothing(name):
    reading = read_with_sources(archetype(name).path, env={})
    assert reading.warnings == ()


@pytest.mark.parametrize("name", NAMES)
def test_each_has_a_title_and_its_sources(name):
    found = archetype(name)
    assert found.title.endswith(".")
    assert len(found.title) < 90
    assert found.sources[-1] == "What nobody measured for your traffic is marked as an assumption."
    assert len(found.sources) >= 2


@pytest.mark.parametrize("name", NAMES)
def test_every_planned_figure_stands_beside_its_source_or_is_an_assumption(name):
    for line in archetype(name).text.splitlines():
        if re.match(r"\w+ = [\d.]", line):
            assert re.search(r"# \S.{3,}$", line), line


@pytest.mark.parametrize("name", NAMES)
def test_each_makes_a_plan_that_pays(name):
    column = evaluate(scenario_by(name)).realistic
    assert column.saving is not None
    assert 0.2 < column.saving < 0.7


def test_the_router_is_the_example_without_a_file():
    example = read(None, env={})
    planned = scenario_of(example, book_of(example, env={}), TODAY)
    assert evaluate(scenario_by("router")).realistic == evaluate(planned).realistic


def test_the_chatbot_costs_what_its_source_says():
    text = tomllib.loads(archetype("chatbot").text)["traffic"]
    assert (text["requests_per_day"], text["input_tokens"], text["output_tokens"]) == (
        1000,
        800,
        400,
    )
    assert evaluate(scenario_by("chatbot")).naive.all_premium.total == 252_000_000_000


def test_calls_of_a_request_are_routed_each_by_itself():
    assert scenario_by("agent").requests == 500 * 4 * 30


def test_an_unknown_one_is_told_with_those_there_are():
    with pytest.raises(ConfigError, match="Choose among router, chatbot"):
        archetype("nonsense")
