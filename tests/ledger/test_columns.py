"""columns: every field of an entry has a column, and finds its way back."""

import random
import sqlite3
from contextlib import closing
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from headgate.ledger.columns import COLUMNS, bound_row_of, entry_of, row_of
from headgate.ledger.entry import Entry
from headgate.values import Usage
from tests.ledger.samples import traffic


def test_an_entry_goes_into_a_row_and_comes_back_the_same():
    for row in traffic(random.Random(1), 20):
        assert entry_of(row_of(row)) == row


def test_every_field_of_an_entry_and_of_its_usage_has_one_column():
    fields = {field.name for field in msgspec.structs.fields(Entry)} - {"usage"}
    kinds = {field.name for field in msgspec.structs.fields(Usage)} - {"service_tier"}
    tokens = {f"{kind}_tokens" for kind in kinds}
    assert sorted(COLUMNS) == sorted(fields | tokens | {"service_tier"})


def test_flags_that_a_database_keeps_as_numbers_come_back_as_flags():
    (plain, *_) = traffic(random.Random(1), 1)
    numbers = [int(value) if isinstance(value, bool) else value for value in row_of(plain)]
    assert entry_of(numbers).served is plain.served


def every_field(*, known: bool, flag: bool) -> Entry:
    """A value of its own in each field; those that may be None are, unless they are `known`."""
    values: dict[str, Any] = {"usage": Usage(1, 2, 3, 4, 5, 6, "flex" if known else None)}
    for place, (name, hint) in enumerate(get_type_hints(Entry).items()):
        kinds = get_args(hint) or (hint,)
        if name == "usage":
            continue
        if type(None) in kinds and not known:
            values[name] = None
        elif bool in kinds:
            values[name] = flag
        else:
            values[name] = 100 + place if int in kinds else place / 8 if float in kinds else name
    return Entry(**values)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("flag", [True, False])
def test_what_is_bound_at_once_is_stored_as_the_same_row(known, flag):
    made = every_field(known=known, flag=flag)
    bound = bound_row_of(made)
    assert {type(value) for value in bound} <= {int, float, str}
    marks = ", ".join("?" * len(COLUMNS))
    with closing(sqlite3.connect(":memory:")) as db:
        (stored,) = db.execute(f"SELECT {marks}", bound).fetchall()
    assert stored == row_of(made)
    assert entry_of(stored) == made


def test_random_rows_are_bound_as_they_are():
    for made in traffic(random.Random(2), 50):
        for one, other in zip(bound_row_of(made), row_of(made), strict=True):
            assert one == other or (other is None and one != one)
