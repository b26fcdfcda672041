"""segment: read in groups, locked while its process lives, taken over when it is dead."""

import random
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.ledger import segment as segments
from headgate.ledger.entry import Entry
from headgate.ledger.journal import Journal
from headgate.ledger.records import MAX_PAYLOAD, frame, scan
from headgate.ledger.segment import Segment, leftovers
from tests.ledger.samples import questions, traffic

ENTRIES = traffic(random.Random(1), 12)
RECORDS = [frame(msgspec.msgpack.encode(row)) for row in ENTRIES]


def read_back(directory: Path) -> list[Entry]:
    found: list[Entry] = []
    for segment in leftovers(directory):
        found += segment.unread().entries
        segment.release()
    return found


def test_a_live_segment_is_left_to_its_process_and_a_released_one_is_taken_over(tmp_path):
    journal = Journal(tmp_path / "j")
    journal.append(ENTRIES[0])
    assert list(leftovers(tmp_path / "j")) == []
    journal.close()
    assert read_back(tmp_path / "j") == ENTRIES[:1]


def test_a_segment_taken_over_is_locked_against_a_third_process(tmp_path):
    journal = Journal(tmp_path / "j")
    journal.append(ENTRIES[0])
    journal.close()
    taken = leftovers(tmp_path / "j")
    segment = next(taken)
    assert list(leftovers(tmp_path / "j")) == []
    segment.drop()
    assert list(taken) == []


def in_groups(segment: Segment, group_bytes: int) -> tuple[list[list[Entry]], list[bytes]]:
    groups, damaged = [], []
    while not segment.empty:
        found = segment.unread(group_bytes)
        assert found.end
        groups.append(found.entries)
        damaged += found.damaged
        segment.take(found.end)
    return groups, damaged


@pytest.mark.parametrize("group_bytes", [1, 700, 2000, 1 << 20])
def test_a_long_segment_is_read_in_groups_of_whole_records(tmp_path, group_bytes):
    journal = Journal(tmp_path / "j")
    for row in ENTRIES:
        journal.append(row)
    (segment,) = journal.segments()
    groups, damaged = in_groups(segment, group_bytes)
    assert [row for group in groups for row in group] == ENTRIES
    assert damaged == []
    if group_bytes == 2000:
        assert 1 < len(groups) < len(ENTRIES)
        assert max(map(len, groups)) > 1
    journal.close()


@given(st.lists(st.one_of(st.sampled_from(RECORDS), st.binary(min_size=1)), min_size=1, max_size=8))
@settings(max_examples=100)
def test_damage_is_the_same_whether_read_in_groups_or_at_once(pieces):
    data = b"".join(pieces)
    whole = scan(data)
    with tempfile.TemporaryDirectory() as directory:
        segment = Segment.create(Path(directory))
        segment.append(data)
        groups, damaged = in_groups(segment, 1500)
        segment.drop()
    assert [row for group in groups for row in group] == whole.entries
    assert b"".join(damaged) == b"".join(whole.damaged)


def test_pieces_set_aside_lie_beside_the_segment(tmp_path):
    segment = Segment.create(tmp_path)
    segment.set_aside([])
    assert list(tmp_path.glob("*.damaged")) == []
    segment.set_aside([b"torn"])
    segment.set_aside([b"again"])
    segment.drop()
    (kept,) = tmp_path.iterdir()
    assert kept.suffix == ".damaged"
    assert kept.read_bytes() == b"tornagain"


def test_a_file_that_cannot_be_opened_does_not_hide_the_others(tmp_path):
    journal = Journal(tmp_path / "j")
    journal.append(ENTRIES[0])
    journal.close()
    (tmp_path / "j" / "0.segment").symlink_to(tmp_path / "j" / "0.segment")
    taken = leftovers(tmp_path / "j")
    next(taken).release()
    with pytest.raises(OSError, match="symbolic"):
        next(taken)


def test_segments_are_readable_by_their_owner_only(tmp_path):
    segment = Segment.create(tmp_path)
    assert segment.path.stat().st_mode & 0o077 == 0
    segment.release()
    assert segment.path.exists()


def test_a_followed_segment_is_read_as_it_grows_and_is_not_locked(tmp_path):
    journal = Journal(tmp_path / "j")
    journal.append(ENTRIES[0])
    (own,) = journal.segments()
    followed = Segment.follow(own.path)
    assert followed is not None
    assert followed.empty
    followed.grow()
    assert followed.unread() == (ENTRIES[:1], [], own.size, [])
    followed.take(own.size, 1)
    journal.append(ENTRIES[1])
    followed.grow()
    assert followed.unread().entries == ENTRIES[1:2]
    journal.close()
    assert read_back(tmp_path / "j") == ENTRIES[:2]
    followed.release()


@given(
    st.lists(st.sampled_from(RECORDS), min_size=1, max_size=6),
    st.lists(st.integers(1, 2000), max_size=12),
    st.sampled_from([1, 700, 5000]),
)
@settings(max_examples=100)
def test_at_whatever_byte_a_followed_segment_is_looked_at_whole_records_are_read(
    pieces, steps, group_bytes
):
    written, damaged = b"".join(pieces), []
    with tempfile.TemporaryDirectory() as directory:
        own = Segment.create(Path(directory))
        followed = Segment.follow(own.path)
        assert followed is not None
        found: list[Entry] = []
        for step in [*steps, len(written)]:
            own.append(written[own.size : own.size + step])
            followed.grow()
            for _ in range(len(pieces) + 1):
                group = followed.unread(group_bytes)
                found += group.entries
                damaged += group.damaged
                followed.take(group.end)
        assert found == scan(written).entries
        assert damaged == []
        followed.release()
        own.drop()


def test_who_takes_a_segment_over_begins_where_it_was_said_to_be_stored(tmp_path):
    journal = Journal(tmp_path / "j")
    journal.append(ENTRIES[0])
    (own,) = journal.segments()
    followed = Segment.follow(own.path)
    assert followed is not None
    followed.take(own.size, 1, 0)
    followed.tell()
    followed.release()
    journal.append(ENTRIES[1])
    journal.close()
    assert read_back(tmp_path / "j") == ENTRIES[1:2]


def test_a_record_longer_than_a_group_is_read_without_the_rest_of_the_segment(
    tmp_path, monkeypatch
):
    journal = Journal(tmp_path / "j")
    for one in questions(5):
        journal.append_prompt(msgspec.structs.replace(one, request="x" * 500_000))
    (segment,) = journal.segments()
    read: list[int] = []
    plainly = segments._read

    def counting(fd: int, begin: int, end: int) -> bytes:
        read.append(end - begin)
        return plainly(fd, begin, end)

    monkeypatch.setattr(segments, "_read", counting)
    found = segment.unread(16 << 10)
    assert found.prompts
    assert max(read) <= MAX_PAYLOAD + 12 < segment.size
    journal.close()


def test_what_is_set_aside_is_readable_by_its_owner_only(tmp_path):
    segment = Segment.create(tmp_path)
    segment.set_aside([b"torn"])
    segment.drop()
    (kept,) = tmp_path.iterdir()
    assert kept.stat().st_mode & 0o077 == 0
