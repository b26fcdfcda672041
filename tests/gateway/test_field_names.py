"""Names of header fields: lower case, and few are kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.gateway.field_names import MOST_KEPT, FieldNames


@pytest.mark.parametrize("name", [b"Content-Type", b"content-type", b"CONTENT-TYPE"])
def test_a_name_is_in_lower_case_however_it_came(name):
    names = FieldNames()
    assert names[name] == names[name] == "content-type"


@given(st.lists(st.binary(max_size=20)))
def test_a_name_is_the_same_the_first_time_and_later(found):
    names = FieldNames()
    for name in [*found, *found]:
        assert names[name] == name.decode("latin-1").lower()


def test_a_name_is_worked_out_once():
    names = FieldNames()
    assert names[b"X-Request-Id"] is names[b"X-Request-Id"]


def test_as_many_names_are_kept_as_are_allowed_and_all_are_read():
    names = FieldNames()
    for number in range(3 * MOST_KEPT):
        assert names[b"X-%d" % number] == f"x-{number}"
    assert len(names) == MOST_KEPT


def test_a_long_name_is_read_and_not_kept():
    names = FieldNames()
    assert names[b"X" * (MOST_KEPT + 1)] == "x" * (MOST_KEPT + 1)
    assert not names
