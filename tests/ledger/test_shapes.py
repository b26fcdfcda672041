"""shapes: whichever statement stores a row, it is the same row."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.ledger.columns import COLUMNS, row_of
from headgate.ledger.entry import Entry
from headgate.ledger.shapes import MOST_SEEN, MOST_STATEMENTS, OFTEN, Shapes, parted
from headgate.ledger.sqlite import SqliteStore
from headgate.ledger.statements import migrations
from headgate.values import Usage
from tests.ledger.samples import answers, entry, traffic

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NUMBERS = st.integers(-(1 << 63), (1 << 63) - 1)
FIELDS: dict[str, Any] = {
    field.name: {
        str: TEXTS,
        int: NUMBERS,
        bool: st.booleans(),
        str | None: st.none() | TEXTS,
        int | None: st.none() | NUMBERS,
        float | None: st.none() | st.floats(allow_nan=False),
        Usage: st.builds(
            Usage, *[NUMBERS | st.just(0)] * 6, service_tier=st.none() | st.just("flex")
        ),
    }.get(field.type, TEXTS)
    for field in msgspec.structs.fields(Entry)
}


@pytest.fixture(scope="module")
def table():
    db = sqlite3.connect(":memory:", isolation_level=None)
    for step in migrations("sqlite"):
        db.executescript(step.script)
    return db


def of_its_own(made: Entry) -> str:
    shape, _ = parted(made)
    text = Shapes().statement(shape, OFTEN)
    assert text is not None
    return text


def stored(db: sqlite3.Connection, rows: Sequence[Entry]) -> list[tuple[Any, ...]]:
    """The rows, each through a statement of its own."""
    db.execute("DELETE FROM attempts")
    for made in rows:
        db.execute(of_its_own(made), parted(made)[1])
    return db.execute(f"SELECT {', '.join(COLUMNS)} FROM attempts ORDER BY rowid").fetchall()


@given(st.builds(Entry, **FIELDS))
def test_whatever_a_row_holds_is_stored_as_it_is(table, made):
    assert stored(table, [made]) == [row_of(made)]


def test_traffic_is_stored_as_it_is(table):
    rows = traffic(random.Random(3), 60)
    assert stored(table, rows) == list(map(row_of, rows))


@pytest.mark.parametrize(
    "name", ["it's", "'; DROP TABLE attempts; --", "''", "?", "\\'", ":name", '"', "é–日本"]
)
def test_a_name_in_a_statement_is_a_name_and_nothing_else(table, name):
    rows = [entry(request_id=name, asked=name, model_answered=name, provider=name, tags=name)]
    assert stored(table, rows) == list(map(row_of, rows))


@pytest.mark.parametrize("changes", [{"asked": "a\0b"}, {"model_answered": "long" * 1500}])
def test_a_name_that_cannot_stand_in_a_statement_or_is_long_is_bound(changes):
    shape, _ = parted(entry(**changes))
    assert Shapes().statement(shape, OFTEN) is None


def test_rows_of_one_shape_differ_in_what_is_bound():
    one, other = entry(cost_nano=1, key="a"), entry(cost_nano=2, key="b", request_id="r1")
    assert parted(one)[0] == parted(other)[0]
    assert parted(one)[1] != parted(other)[1]


@pytest.mark.parametrize("changes", [{"cost_nano": None}, {"cost_nano": 0}, {"tier": "dear"}])
def test_what_is_unknown_is_never_nothing_and_no_shape_is_another(changes):
    assert parted(entry(**changes))[0] != parted(entry())[0]
    assert parted(entry(cost_nano=0))[0] != parted(entry(cost_nano=None))[0]


def test_a_shape_has_a_statement_once_it_has_come_up_often():
    shapes, (shape, _) = Shapes(), parted(entry())
    assert shapes.statement(shape, OFTEN - 1) is None
    text = shapes.statement(shape, 1)
    assert text is not None
    assert shapes.statement(shape, 1) is text


def test_neither_statements_nor_what_is_counted_grow_with_the_names_that_callers_choose():
    shapes = Shapes()
    for number in range(1000):
        shape, _ = parted(entry(asked=f"model {number}"))
        assert (shapes.statement(shape, OFTEN) is not None) is True
        shapes.statement(parted(entry(asked=f"once {number}"))[0], 1)
        assert len(shapes._statements) <= MOST_STATEMENTS
        assert len(shapes._seen) <= MOST_SEEN


def test_a_store_keeps_the_order_and_the_first_word_whichever_shapes_follow_each_other(tmp_path):
    store = SqliteStore(tmp_path / "l.db")
    store.append(answers(40))
    mixed = [
        entry(request_id=f"m{number}", tier="premium" if number % 3 else "cheap", asked=asked)
        for number in range(60)
        for asked in ("auto", "again")
    ]
    assert store.append(mixed) == 60
    assert [one.asked for one in store.entries() if one.request_id[0] == "m"] == ["auto"] * 60
    assert [one.sequence for one in store.outcomes()] == list(range(1, 101))
    in_order = store._db.execute("SELECT request_id FROM attempts ORDER BY rowid").fetchall()
    assert in_order[40:] == [(f"m{number}",) for number in range(60)]
    store.close()
