"""frames: entries and prompts side by side in a segment, whole ones read whatever lies between."""

import random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.ledger.entry import Entry
from headgate.ledger.frames import ENTRY, MAX_PAYLOAD, PROMPT, frame, scan
from headgate.ledger.prompt import Prompt
from tests.ledger.samples import prompt, questions, traffic

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
ENTRIES = traffic(random.Random(1), 8)


def record(value: Entry | Prompt) -> bytes:
    return frame(msgspec.msgpack.encode(value), PROMPT if isinstance(value, Prompt) else ENTRY)


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


def test_a_length_beyond_the_longest_payload_is_damage():
    record = frame(b"\xc1" * (MAX_PAYLOAD + 1), PROMPT)
    assert scan(record).damaged == [record]
