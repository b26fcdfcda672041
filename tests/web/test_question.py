"""question: a URL says all that is asked, and reads as it was written."""

from datetime import date

import pytest

from headgate.errors import ConfigError
from headgate.web.question import FIELDS, SECOND, Question, asked_of


def test_a_question_reads_as_it_was_written():
    asked = Question(
        origin="rag",
        measured="ledger",
        at=date(2026, 11, 20),
        strategy="cascade",
        against="openai/gpt-5",
        changes={"escalation": "40%", "premium": "a/b c", "requests_per_day": "5000"},
    )
    assert asked_of(asked.query()).first == asked
    assert asked_of(asked.query(SECOND)).second == asked


def test_no_change_is_no_query():
    assert Question().query() == {}
    assert asked_of({}).first == Question()


def test_what_people_write_is_read_as_the_scenario_reads_it():
    asked = asked_of({"requests_per_day": " 5,000 ", "escalation": "40 %", "cheap": "a/b"}).first
    assert asked.changes == {"requests_per_day": "5000", "escalation": "40%", "cheap": "a/b"}


def test_unknown_and_empty_fields_ask_nothing():
    assert asked_of({"nonsense": "1", "escalation": "", "b.escalation": "1"}).first == Question()


def test_a_second_scenario_is_there_when_it_is_asked_for():
    assert asked_of({}).second is None
    assert asked_of({"compare": "1"}).second == Question()
    assert asked_of({"b.escalation": "50%"}).second == Question(changes={"escalation": "50%"})
    assert [prefix for prefix, _ in asked_of({"compare": "1"}).questions] == ["", SECOND]
    assert [prefix for prefix, _ in asked_of({}).questions] == [""]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"at": "tomorrow"}, "at"),
        ({"measured": "x"}, "measured"),
        ({"strategy": "x"}, "strategy"),
        ({"column": "best"}, "column"),
        ({"b.at": "tomorrow"}, "b.at"),
    ],
)
def test_what_cannot_be_asked_is_named_and_the_rest_is_kept(query, field):
    asked = asked_of({"escalation": "40%", "across": "stable_prefix", **query})
    assert asked.first.changes == {"escalation": "40%"}
    assert asked.view.across == "stable_prefix"
    with pytest.raises(ConfigError) as error:
        asked.checked()
    assert [fault.field for fault in error.value.faults] == [field]


def test_all_that_cannot_be_asked_is_named_of_both_scenarios():
    asked = asked_of({"at": "x", "strategy": "x", "b.measured": "x", "column": "x"})
    with pytest.raises(ConfigError) as error:
        asked.checked()
    named = {fault.field for fault in error.value.faults}
    assert named == {"at", "strategy", "column", "b.measured"}
    assert asked_of({}).checked() == asked_of({})


def test_a_view_has_its_defaults():
    assert asked_of({}).view == ("realistic", "escalation", "price_ratio")
    view = asked_of({"column": "worst-case", "across": "x"}).view
    assert view[:2] == ("worst case", "x")


def test_sliders_stop_at_values_that_ascend():
    for control in FIELDS:
        numbers = [float(stop.rstrip("%")) for stop in control.stops]
        assert numbers == sorted(set(numbers)), control.name
