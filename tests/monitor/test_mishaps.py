"""mishaps: what events say of the process beside the gateway."""

from headgate.ledger.event import Event
from headgate.monitor.mishaps import BACK, MISHAPS, back_event, mishap_event, mishaps


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


def back(events: list[Event], at_us: int, gateway: str = "a") -> list[Event]:
    """The events and the word of a gateway that all is well, where there was anything."""
    event = back_event(events, at_us, gateway)
    return events if event is None else [*events, event]


def test_it_is_in_trouble_until_its_own_gateway_says_that_it_is_well():
    told = [mishap_event("ended", "x", 10, "a"), mishap_event("silent", "y", 20, "b")]
    for events, without, back_us in (
        (told, ("a", "b"), None),
        (back(told, 30, "b"), ("a",), None),
        (back(back(told, 30, "b"), 40, "a"), (), 40),
    ):
        found = mishaps(reversed(events))
        assert found is not None
        assert (found.without, found.back_us) == (without, back_us)
        assert (found.ended, found.silent, found.last) == (1, 1, "silent")


def test_one_to_whom_nothing_befell_says_nothing_nor_does_it_say_it_twice():
    assert back_event([], 10, "a") is None
    told = [mishap_event("ended", "x", 10, "a")]
    assert back_event(told, 20, "b") is None
    well = back(told, 20)
    assert [event.kind for event in well] == ["beside.ended", BACK]
    assert back(well, 30) == well
    again = [*well, mishap_event("ended", "x", 40, "a")]
    assert [event.at_us for event in back(again, 50)] == [10, 20, 40, 50]


def test_the_word_that_all_is_well_alone_is_no_mishap():
    (word,) = back([mishap_event("ended", "x", 10, "a")], 20)[1:]
    assert mishaps([word]) is None
