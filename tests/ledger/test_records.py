"""records: what is damaged costs itself, and nothing beside it."""

import random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.ledger.entry import Entry
from headgate.ledger.prompt import Prompt
from headgate.ledger.records import ENTRY, MAX_PAYLOAD, PROMPT, frame, scan
from tests.ledger.samples import prompt, questions, traffic

ENTRIES = traffic(random.Random(1), 12)
RECORDS = [frame(msgspec.msgpack.encode(row)) for row in ENTRIES]

TEXTS = st.text(max_size=300)
PROMPTS = st.builds(
    Prompt,
    request_id=TEXTS,
    at_us=st.integers(-(1 << 63), (1 << 63) - 1),
    dialect=TEXTS,
    request=TEXTS,
    request_bytes=st.integers(0, 1 << 40),
    answer=TEXTS,
    answer_bytes=st.integers(0, 1 << 40),
    form=st.sampled_from(["body", "parts"]),
)


def record(value: Entry | Prompt) -> bytes:
    return frame(msgspec.msgpack.encode(value), PROMPT if isinstance(value, Prompt) else ENTRY)


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


@given(st.lists(st.sampled_from(ENTRIES) | PROMPTS, max_size=8))
def test_entries_and_prompts_come_back_each_in_their_order(values):
    found = scan(b"".join(map(record, values)))
    assert found.entries == [value for value in values if isinstance(value, Entry)]
    assert found.prompts == [value for value in values if isinstance(value, Prompt)]
    assert found.damaged == []


@given(st.data())
@settings(max_examples=200)
def test_one_damaged_byte_costs_one_record_of_either_kind(data):
    values = data.draw(st.lists(st.sampled_from(ENTRIES) | PROMPTS, min_size=1, max_size=5))
    records = list(map(record, values))
    which = data.draw(st.integers(0, len(records) - 1))
    damaged = bytearray(records[which])
    damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    # a payload that lost its marker to the other kind's reads as neither
    found = scan(b"".join([*records[:which], bytes(damaged), *records[which + 1 :]]))
    others = values[:which] + values[which + 1 :]
    assert found.entries == [value for value in others if isinstance(value, Entry)]
    assert found.prompts == [value for value in others if isinstance(value, Prompt)]
    assert found.damaged == [bytes(damaged)]


def test_a_record_torn_anywhere_is_set_apart_and_all_before_it_is_read():
    whole = record(prompt())
    for cut in range(1, len(whole)):
        found = scan(record(ENTRIES[0]) + whole[:cut])
        assert found[:2] == (ENTRIES[:1], [whole[:cut]])
        assert found.prompts == []


def test_a_kind_from_the_future_is_damage_and_hides_nothing_behind_it():
    later = frame(msgspec.msgpack.encode({"a": 1}), b"HGX1")
    found = scan(record(ENTRIES[0]) + later + record(prompt()))
    assert found == (ENTRIES[:1], [later], found.end, [prompt()])


def test_a_text_that_holds_a_frame_is_a_text():
    sly = prompt(request=record(questions(1)[0]).decode("latin-1"))
    assert scan(record(sly)).prompts == [sly]


def named(row: Entry) -> bytes:
    """As a Headgate before 2026-11-27 has written it: a map with the fields' names."""
    return frame(msgspec.msgpack.encode(msgspec.structs.asdict(row)), b"HGE1")


@given(st.lists(st.tuples(st.sampled_from(ENTRIES), st.booleans()), max_size=8))
def test_entries_that_an_older_headgate_has_left_are_read_beside_the_new(rows):
    data = b"".join(named(row) if old else record(row) for row, old in rows)
    found = scan(data)
    assert found[:3] == ([row for row, _ in rows], [], len(data))
    assert {type(row) for row in found.entries} <= {Entry}


def test_an_old_entry_from_before_a_field_has_its_default():
    early = msgspec.structs.asdict(ENTRIES[0])
    for name in ("trace", "tags", "queue_us"):
        del early[name]
    data = frame(msgspec.msgpack.encode(early), b"HGE1")
    (found,) = scan(data).entries
    assert found == msgspec.structs.replace(ENTRIES[0], trace=None, tags=None, queue_us=None)


def test_an_entry_is_written_as_its_values_in_an_order_that_never_changes():
    """A field that is not last, or another order, would read old segments wrong."""
    assert Entry.__struct_fields__ == (
        "request_id", "attempt", "at_us", "purpose", "dialect_in", "dialect_out", "route", "asked",
        "routed", "tier", "premium", "provider", "model_asked", "reason", "cause", "served",
        "total_us", "model_answered", "score", "status", "error", "streamed", "aborted", "usage",
        "usage_source", "card", "cost_nano", "premium_nano", "first_token_us", "queue_us", "key",
        "team", "policy", "router", "category", "trace", "session", "tags", "config",
        "answer_id",
    )  # fmt: skip
    written = msgspec.msgpack.decode(msgspec.msgpack.encode(ENTRIES[0]))
    usage = msgspec.structs.asdict(ENTRIES[0].usage)
    values = msgspec.structs.asdict(ENTRIES[0]) | {"usage": usage}
    assert written == list(values.values())


def test_a_field_that_a_later_headgate_adds_at_the_end_is_passed_over():
    later = [*msgspec.msgpack.decode(msgspec.msgpack.encode(ENTRIES[0])), "a new field"]
    assert scan(frame(msgspec.msgpack.encode(later))).entries == ENTRIES[:1]


def test_a_length_beyond_the_longest_payload_is_damage():
    record = frame(b"\xc1" * (MAX_PAYLOAD + 1), PROMPT)
    assert scan(record).damaged == [record]
