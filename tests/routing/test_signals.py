"""signals: everything an exchange can hear and say is a value, and is in the two lists."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from headgate.routing import signals
from headgate.routing.exchange import Exchange
from headgate.routing.signals import FINISH, FORWARD, SERVE, Call, Command, Event, Failed, Left
from headgate.routing.tier import Tier
from headgate.values import ModelRef

CHEAP = Tier(name="cheap", model=ModelRef("p", "cheap"), attempts=3, timeout=60.0)


def test_every_signal_is_either_an_event_or_a_command():
    defined = {
        found
        for found in vars(signals).values()
        if isinstance(found, type) and found.__module__ == signals.__name__
    }
    events, commands = set(get_args(Event)), set(get_args(Command))
    assert defined == events | commands
    assert not events & commands


def test_every_event_but_the_callers_leaving_has_its_move():
    moved_by = {event for moves in Exchange._moves.values() for event in moves}
    assert moved_by == set(get_args(Event)) - {Left}


@pytest.mark.parametrize("kind", [*get_args(Event), *get_args(Command)])
def test_no_signal_can_be_changed_once_it_is_given(kind):
    assert kind.__struct_config__.frozen


def test_signals_that_say_the_same_are_equal():
    assert Failed("status", status=503) == Failed("status", status=503)
    assert Failed("status", status=503) != Failed("status", status=429)
    assert Call(CHEAP, "first", 60.0) == Call(CHEAP, "first", 60.0, held=False)
    with pytest.raises(AttributeError):
        Failed("status").kind = "timeout"  # type: ignore[misc]


def test_a_command_that_holds_nothing_is_there_once():
    assert [msgspec.structs.asdict(one) for one in (SERVE, FORWARD, FINISH)] == [{}, {}, {}]
    assert len({type(one) for one in (SERVE, FORWARD, FINISH)}) == 3
