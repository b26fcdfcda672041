"""places: the tables that there are, in the order of the sections."""

from __future__ import annotations

from headgate.settings.document import parse
from headgate.settings.draft import Draft, Given, Source
from headgate.settings.fields import CLASSIFIER, POLICIES, POLICY_RULES, RULES
from headgate.settings.places import beside, in_effect, places

FILE = Source("file", "/etc/headgate/headgate.toml")


def draft(*tables: tuple[str | int, ...]) -> Draft:
    made = Draft(parse(b"", "headgate.toml"), FILE)
    made.tables = dict.fromkeys(tables, FILE)
    return made


def test_the_rules_of_a_policy_are_found_whatever_its_name():
    found = list(
        places(draft(("policies", "x"), ("policies", "x", "rules", 0), ("classifier", "rules", 0)))
    )
    assert (POLICIES, ("policies", "x")) in found
    assert (POLICY_RULES, ("policies", "x", "rules", 0)) in found
    assert (RULES, ("classifier", "rules", 0)) in found
    assert (CLASSIFIER, ("classifier",)) in found
    assert len([section for section, _ in found if section is RULES]) == 1


def test_a_value_in_effect_is_the_given_one_or_the_default():
    made = draft()
    assert in_effect(made, CLASSIFIER, ("classifier",), "kind") == "none"
    made.given["classifier", "kind"] = Given("rules", FILE)
    made.values["classifier", "kind"] = "rules"
    assert in_effect(made, CLASSIFIER, ("classifier",), "kind") == "rules"


def test_a_file_that_the_settings_file_names_lies_beside_it():
    made = draft()
    path = ("classifier", "router")
    made.given[path] = Given("r", FILE)
    made.values[path] = "r"
    beside(made, path)
    assert made.values[path] == "/etc/headgate/r"


def test_a_file_that_a_flag_names_lies_where_it_says():
    made = draft()
    path = ("classifier", "router")
    made.given[path] = Given("r", Source("flag", "--set"))
    made.values[path] = "r"
    beside(made, path)
    assert made.values[path] == "r"
