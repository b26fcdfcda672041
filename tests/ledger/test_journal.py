"""journal: segments that survive, locks that tell the living from the dead."""

import errno
import random
import subprocess
import sys
import threading

import msgspec
import pytest

from headgate.errors import ConfigError
from headgate.ledger import journal as journals
from headgate.ledger.journal import MOST_SEGMENTS, Journal
from headgate.ledger.records import MAX_PAYLOAD, frame
from headgate.ledger.segment import Segment, leftovers
from headgate.ledger.taken import Taken, tell
from tests.ledger.samples import answers, entry, prompt, traffic
from tests.ledger.test_segment import read_back

ENTRIES = traffic(random.Random(1), 12)
RECORDS = [frame(msgspec.msgpack.encode(row)) for row in ENTRIES]


def test_entries_come_back_as_they_were_written(tmp_path):
    journal = Journal(tmp_path / "j")
    for row in ENTRIES:
        journal.append(row)
    (segment,) = journal.segments()
    assert segment.unread()[:2] == (ENTRIES, [])
    journal.close()


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


def test_who_appends_does_not_wait_while_a_segment_is_deleted(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "j", segment_bytes=1)
    one, two, three = answers(3)
    dropped: list[Segment] = []

    def drop(segment: Segment) -> None:
        journal.append(three)
        dropped.append(segment)

    for row in (one, two):
        journal.append(row)
    first = journal.segments()[0]
    first.take(first.size)
    with monkeypatch.context() as patched:
        patched.setattr(Segment, "drop", drop)
        dropping = threading.Thread(target=journal.drop_taken, daemon=True)
        dropping.start()
        dropping.join(60)
    assert dropped == [first]
    assert [row for s in journal.segments() for row in s.unread().entries] == [two, three]
    first.drop()
    journal.close()


def test_a_directory_that_cannot_be_made_is_a_config_error(tmp_path):
    with pytest.raises(ConfigError, match=r"cannot be written.*url"):
        Journal(tmp_path / "missing" / "j")


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


def test_what_waits_for_the_store_is_bounded(tmp_path):
    journal = Journal(tmp_path / "j", spool_bytes=3 * len(RECORDS[0]))
    journal.append(answers(1)[0])
    journal.append(answers(1)[0])
    with pytest.raises(OSError, match="wait for the store"):
        journal.append(entry(tags="x" * len(RECORDS[0])))
    waiting = journal.waiting
    (segment,) = journal.segments()
    assert 0 < waiting == segment.size <= 3 * len(RECORDS[0])
    journal.take(segment, 0, Taken(segment.unread().end, 2, 0))
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


def test_a_prompt_does_not_look_for_room_and_an_entry_does(tmp_path):
    journal = Journal(tmp_path / "j", spool_bytes=10_000)
    (segment,) = journal.segments()

    def fill(upto: int) -> None:
        while journal.waiting + len(RECORDS[0]) <= upto:
            journal.append(ENTRIES[0])
        tell(segment.path, Taken(segment.size, 0, 0))  # all of it is stored, as far as that goes

    fill(4_500)
    large = prompt(request="x" * 3_000)
    with pytest.raises(OSError, match="wait for the store"):
        journal.append_prompt(large)
    assert journal.learn().end == segment.size
    journal.append_prompt(large)
    fill(10_000)
    journal.append(ENTRIES[0])
    assert journal.waiting == len(RECORDS[0])
    journal.close()


def test_prompts_leave_the_last_of_the_disk_to_entries(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "j")
    monkeypatch.setattr(journals, "ROOM_FOR_ROWS", 1 << 62)
    with pytest.raises(OSError, match="of the disk are rows'"):
        journal.append_prompt(prompt())
    journal.append(ENTRIES[0])
    assert journal.segments()[0].unread()[:2] == (ENTRIES[:1], [])
    journal.close()
