"""journal: segments that survive, locks that tell the living from the dead."""

import errno
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.errors import ConfigError
from headgate.ledger import journal as room
from headgate.ledger.entry import Entry
from headgate.ledger.frames import MAX_PAYLOAD, frame, scan
from headgate.ledger.journal import MOST_SEGMENTS, Journal, Segment, leftovers
from tests.ledger.samples import answers, entry, prompt, questions, traffic

ENTRIES = traffic(random.Random(1), 12)
RECORDS = [frame(msgspec.msgpack.encode(row)) for row in ENTRIES]


def read_back(directory: Path) -> list[Entry]:
    found: list[Entry] = []
    for segment in leftovers(directory):
        found += segment.unread().entries
        segment.release()
    return found


def test_entries_come_back_as_they_were_written(tmp_path):
    journal = Journal(tmp_path / "j")
    for row in ENTRIES:
        journal.append(row)
    (segment,) = journal.segments()
    assert segment.unread()[:2] == (ENTRIES, [])
    journal.close()


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


def test_segments_rotate_by_size_and_go_only_once_they_are_stored(tmp_path):
    journal = Journal(tmp_path / "j", segment_bytes=2000)
    for row in answers(20):
        journal.append(row)
    first, second, *rest = journal.segments()
    assert first.sealed
    assert second.sealed
    assert not rest[-1].sealed

    journal.drop_taken()
    assert first.path.exists()
    first.take(first.size)
    journal.drop_taken()
    assert not first.path.exists()
    assert second.path.exists()
    journal.close()


def test_rows_written_after_a_read_are_read_next_time(tmp_path):
    journal = Journal(tmp_path / "j")
    journal.append(ENTRIES[0])
    (segment,) = journal.segments()
    end = segment.unread().end
    journal.append(ENTRIES[1])
    segment.take(end)
    assert not segment.empty
    assert segment.unread().entries == ENTRIES[1:2]
    journal.close()


def test_closing_deletes_what_is_stored_and_keeps_the_rest(tmp_path):
    journal = Journal(tmp_path / "j", segment_bytes=1)
    for row in ENTRIES[:3]:
        journal.append(row)
    stored, *_ = journal.segments()
    stored.take(stored.size)
    journal.close()
    assert sorted(row.attempt for row in read_back(tmp_path / "j")) == sorted(
        row.attempt for row in ENTRIES[1:3]
    )


def test_a_closed_journal_refuses(tmp_path):
    journal = Journal(tmp_path / "j")
    journal.close()
    journal.close()
    with pytest.raises(ValueError, match="closed"):
        journal.append(ENTRIES[0])


def test_an_entry_too_large_for_a_record_is_refused_and_harms_no_other(tmp_path):
    journal = Journal(tmp_path / "j")
    with pytest.raises(ValueError, match="over"):
        journal.append(entry(tags="x" * MAX_PAYLOAD))
    journal.append(ENTRIES[0])
    assert journal.segments()[0].unread()[:2] == (ENTRIES[:1], [])
    journal.close()


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


def test_while_nothing_is_taken_the_last_segment_grows_instead_of_more_being_opened(tmp_path):
    journal = Journal(tmp_path / "j", segment_bytes=1)
    rows = answers(MOST_SEGMENTS + 20)
    for row in rows:
        journal.append(row)
    assert len(journal.segments()) == MOST_SEGMENTS
    assert [row for s in journal.segments() for row in s.unread().entries] == rows
    for segment in journal.segments():
        segment.take(segment.size)
    journal.drop_taken()
    journal.append(rows[0])
    assert len(journal.segments()) == 2
    journal.close()


def test_a_directory_that_cannot_be_made_is_a_config_error(tmp_path):
    with pytest.raises(ConfigError, match=r"cannot be written.*url"):
        Journal(tmp_path / "missing" / "j")


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


def test_a_full_disk_raises_and_leaves_no_half_record(tmp_path):
    script = """
import resource, signal, sys
from pathlib import Path
from headgate.ledger.journal import Journal
from tests.ledger.samples import answers

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))
journal = Journal(Path(sys.argv[1]))
written = 0
try:
    for row in answers(100):
        journal.append(row)
        written += 1
except OSError as error:
    print(written, error.errno, journal.segments()[0].size)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
journal.append(answers(1)[0])
"""
    answer = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "j")],
        capture_output=True,
        text=True,
        check=True,
    )
    written, code, size = map(int, answer.stdout.split())
    assert code in (errno.ENOSPC, errno.EFBIG)
    assert 0 < written < 100
    assert size <= 5000
    (segment,) = leftovers(tmp_path / "j")
    found = segment.unread()
    segment.release()
    assert found[:2] == ([*answers(written), *answers(1)], [])


def test_segments_are_readable_by_their_owner_only(tmp_path):
    segment = Segment.create(tmp_path)
    assert segment.path.stat().st_mode & 0o077 == 0
    segment.release()
    assert segment.path.exists()


def test_what_waits_for_the_store_is_bounded(tmp_path):
    journal = Journal(tmp_path / "j", spool_bytes=3 * len(RECORDS[0]))
    journal.append(answers(1)[0])
    journal.append(answers(1)[0])
    with pytest.raises(OSError, match="wait for the store"):
        journal.append(entry(tags="x" * len(RECORDS[0])))
    waiting = journal.waiting
    (segment,) = journal.segments()
    assert 0 < waiting == segment.size <= 3 * len(RECORDS[0])
    journal.take(segment, segment.unread().end)
    assert journal.waiting == 0
    journal.append(answers(1)[0])
    journal.close()


def test_a_probe_says_whether_there_is_room_and_is_no_entry_and_no_damage(tmp_path):
    journal = Journal(tmp_path / "j", spool_bytes=2 * len(RECORDS[0]))
    journal.probe()
    journal.append(ENTRIES[0])
    (segment,) = journal.segments()
    assert segment.unread()[:2] == (ENTRIES[:1], [])
    with pytest.raises(OSError, match="wait for the store"):
        journal.probe()
    journal.close()
    with pytest.raises(ValueError, match="closed"):
        journal.probe()


def test_prompts_stand_between_entries(tmp_path):
    journal = Journal(tmp_path / "j")
    journal.append(ENTRIES[0])
    journal.append_prompt(prompt())
    journal.append(ENTRIES[1])
    found = journal.segments()[0].unread()
    assert (found.entries, found.prompts, found.damaged) == (ENTRIES[:2], [prompt()], [])
    journal.close()


def test_prompts_give_way_to_entries_when_half_of_the_room_is_taken(tmp_path):
    journal = Journal(tmp_path / "j", spool_bytes=4 * len(RECORDS[0]))
    room = 2 * len(RECORDS[0])
    while journal.waiting + 400 < room:
        journal.append_prompt(prompt())
    with pytest.raises(OSError, match="wait for the store"):
        journal.append_prompt(prompt(request="x" * room))
    assert 0 < journal.waiting <= room
    journal.append(ENTRIES[0])
    assert journal.segments()[0].unread().entries == ENTRIES[:1]
    journal.close()


def test_prompts_leave_the_last_of_the_disk_to_entries(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "j")
    monkeypatch.setattr(room, "ROOM_FOR_ROWS", 1 << 62)
    with pytest.raises(OSError, match="of the disk are rows'"):
        journal.append_prompt(prompt())
    journal.append(ENTRIES[0])
    assert journal.segments()[0].unread()[:2] == (ENTRIES[:1], [])
    journal.close()


def test_a_record_longer_than_a_group_is_read_without_the_rest_of_the_segment(
    tmp_path, monkeypatch
):
    journal = Journal(tmp_path / "j")
    for one in questions(5):
        journal.append_prompt(msgspec.structs.replace(one, request="x" * 500_000))
    (segment,) = journal.segments()
    read: list[int] = []
    plainly = room._read

    def counting(fd: int, begin: int, end: int) -> bytes:
        read.append(end - begin)
        return plainly(fd, begin, end)

    monkeypatch.setattr(room, "_read", counting)
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
