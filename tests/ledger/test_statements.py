"""statements: each database has the same ones, and goes through the same steps."""

from pathlib import Path

import pytest

from headgate.ledger import statements
from headgate.ledger.columns import COLUMNS
from headgate.ledger.statements import migrations, sayable, statement

SQL = Path(statements.__file__).parent / "sql"
ONLY_POSTGRES = {"copy", "incoming"}
"""Where rows are laid down first; SQLite takes them one by one."""


def names(dialect: str) -> set[str]:
    return {path.stem for path in (SQL / dialect).glob("*.sql")}


def test_both_databases_have_the_same_statements():
    assert names("postgres") - ONLY_POSTGRES == names("sqlite")


def test_steps_are_numbered_from_one_without_a_gap():
    for dialect in ("sqlite", "postgres"):
        numbers = [step.number for step in migrations(dialect)]
        assert numbers == list(range(1, len(numbers) + 1))


def test_both_databases_go_through_steps_of_the_same_names():
    assert [step.name for step in migrations("sqlite")] == [
        step.name for step in migrations("postgres")
    ]


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
@pytest.mark.parametrize("name", ["append", "entries", "whole"])
def test_rows_are_written_and_read_in_the_order_of_the_columns(dialect, name):
    assert ", ".join(COLUMNS) in " ".join(statement(dialect, name).split())


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_every_part_of_a_statement_is_filled_in(dialect):
    for name in names(dialect):
        assert "{" not in statement(dialect, name, ["day"]), name
    assert statement("sqlite", "append").count("?") == len(COLUMNS)


def test_a_statement_that_there_is_not_is_no_statement():
    with pytest.raises(FileNotFoundError):
        statement("sqlite", "absent")


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
@pytest.mark.parametrize("name", sorted(one for one in names("sqlite") if one[:7] == "rolled_"))
def test_sums_are_grouped_by_what_was_asked_from_the_last_column_on(dialect, name):
    text = statement(dialect, name, ("key", "hour"))
    assert "SELECT\n    key, hour,\n" in text
    assert text.endswith("GROUP BY hour, key\n")


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_columns_that_several_statements_add_up_stand_in_one_file(dialect):
    sums = (SQL / dialect / "sums_requests.sql").read_text().rstrip()
    for name in ("rolled_requests", "daily_requests", "roll_day_requests"):
        assert sums in statement(dialect, name, ["day"])


@pytest.mark.parametrize("text", ["", "r1", "a\0b", "größer", "漢字", "😀"])
def test_a_text_that_can_be_said_is_said_as_it_is(text):
    assert sayable(text) == text
    assert sayable([text, 1, None]) == [text, 1, None]


@pytest.mark.parametrize("text", ["\ud800", "a\udcffb", "\ude00\ud83d"])
def test_what_is_no_character_is_said_as_unreadable(text):
    sayable(text).encode()
    assert sayable([text, 1]) == [sayable(text), 1]
    assert len(sayable(text)) == len(text)
    assert "\ufffd" in sayable(text)
