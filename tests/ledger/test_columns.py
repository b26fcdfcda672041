"""columns: every field of an entry has a column, and finds its way back."""

import random

import msgspec

from headgate.ledger.columns import COLUMNS, entry_of, row_of
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
