"""question: a URL says all that is asked, and reads as it was written."""

from datetime import date

import pytest

from headgate.errors import ConfigError
from headgate.web.question import (
    FIELDS,
    SECOND,
    Question,
    question_of,
    second_of,
    view_of,
)


def test_a_question_reads_as_it_was_written():
    asked = Question(
        origin="rag",
        measured="ledger",
        at=date(2026, 11, 20),
        strategy="cascade",
        against="openai/gpt-5",
        changes={"escalation": "40%", "premium": "a/b c", "requests_per_day": "5000"},
    )
    assert question_of(asked.query()) == asked
    assert second_of(asked.query(SECOND)) == asked


def test_no_change_is_no_query():
    assert Question().query() == {}
    assert question_of({}) == Question()


def test_what_people_write_is_read_as_the_scenario_reads_it():
    asked = question_of({"requests_per_day": " 5,000 ", "escalation": "40 %", "cheap": "a/b"})
    assert asked.changes == {"requests_per_day": "5000", "escalation": "40%", "cheap": "a/b"}


def test_unknown_and_empty_fields_ask_nothing():
    assert question_of({"nonsense": "1", "escalation": "", "b.escalation": "1"}) == Question()


def test_a_second_scenario_is_there_when_it_is_asked_for():
    assert second_of({}) is None
    assert second_of({"compare": "1"}) == Question()
    assert second_of({"b.escalation": "50%"}) == Question(changes={"escalation": "50%"})


@pytest.mark.parametrize(
    ("query", "field"),
    [({"at": "tomorrow"}, "at"), ({"measured": "x"}, "measured"), ({"strategy": "x"}, "strategy")],
)
def test_what_cannot_be_asked_is_named(query, field):
    with pytest.raises(ConfigError) as error:
        question_of(query)
    assert error.value.faults[0].field == field


def test_a_view_has_its_defaults_and_refuses_columns_that_are_none():
    assert view_of({}) == ("realistic", "escalation", "price_ratio")
    assert view_of({"column": "worst-case", "across": "x"})[:2] == ("worst case", "x")
    with pytest.raises(ConfigError):
        view_of({"column": "best"})


def test_sliders_stop_at_values_that_ascend():
    for control in FIELDS:
        numbers = [float(stop.rstrip("%")) for stop in control.stops]
        assert numbers == sorted(set(numbers)), control.name
