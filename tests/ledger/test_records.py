"""records: what is damaged costs itself, and nothing beside it."""

import random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.ledger.records import frame, scan
from tests.ledger.samples import traffic

ENTRIES = traffic(random.Random(1), 12)
RECORDS = [frame(msgspec.msgpack.encode(row)) for row in ENTRIES]


def test_a_last_record_torn_anywhere_is_set_apart_and_everything_before_it_is_read():
    for cut in range(1, len(RECORDS[2])):
        torn = RECORDS[2][:cut]
        assert scan(b"".join([*RECORDS[:2], torn]))[:2] == (ENTRIES[:2], [torn])


@given(st.integers(0, len(RECORDS) - 1), st.data())
@settings(max_examples=200)
def test_one_damaged_byte_costs_one_record(which, data):
    record = bytearray(RECORDS[which])
    record[data.draw(st.integers(0, len(record) - 1))] ^= data.draw(st.integers(1, 255))
    found = scan(b"".join([*RECORDS[:which], bytes(record), *RECORDS[which + 1 :]]))
    assert found.entries == ENTRIES[:which] + ENTRIES[which + 1 :]
    assert found.damaged == [bytes(record)]


@given(st.lists(st.one_of(st.sampled_from(RECORDS), st.binary(max_size=40)), max_size=8))
@settings(max_examples=200)
def test_every_byte_is_either_read_or_set_apart(pieces):
    data = b"".join(pieces)
    found = scan(data)
    read = sum(len(frame(msgspec.msgpack.encode(row))) for row in found.entries)
    assert read + sum(map(len, found.damaged)) == len(data)


def test_zeros_behind_the_records_as_a_power_cut_leaves_them_are_set_apart():
    assert scan(RECORDS[0] + bytes(4096))[:2] == (ENTRIES[:1], [bytes(4096)])


def test_a_whole_record_that_is_no_entry_is_set_apart_by_itself():
    foreign = frame(msgspec.msgpack.encode({"purpose": "from the future"}))
    found = scan(RECORDS[0] + foreign + foreign + RECORDS[1])
    assert found[:2] == (ENTRIES[:2], [foreign, foreign])
