"""mishaps: what events say of the process beside the gateway."""

from headgate.ledger.event import Event
from headgate.monitor.mishaps import MISHAPS, mishap_event, mishaps


def test_nothing_befell_it_where_no_event_says_so():
    assert mishaps([]) is None
    assert mishaps([Event(id="1", at_us=1, kind="reload.done")]) is None


def test_the_last_one_is_the_last_in_time_whatever_the_order():
    told = mishaps(
        [
            mishap_event("ended", "signal 9", 30),
            mishap_event("silent", "it has said nothing for 30 s", 10),
            mishap_event("silent", "it has said nothing for 30 s", 20),
        ]
    )
    assert told is not None
    assert (told.silent, told.ended) == (2, 1)
    assert (told.last, told.last_us, told.why) == ("ended", 30, "signal 9")


def test_two_of_the_same_moment_and_kind_are_one():
    assert mishap_event("ended", "a", 1).id == mishap_event("ended", "b", 1).id
    assert mishap_event("ended", "a", 1).id != mishap_event("silent", "a", 1).id


def test_a_detail_that_cannot_be_read_is_none():
    told = mishaps([Event(id="1", at_us=1, kind=MISHAPS[1], detail="[]")])
    assert told is not None
    assert told.why == ""
