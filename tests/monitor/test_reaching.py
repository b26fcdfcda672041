"""reaching: of a host's addresses the first that answers, whatever the others do; real sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from headgate.monitor.reaching import Found, connected


def at(address: tuple[Any, ...]) -> Found:
    return socket.AF_INET, socket.SOCK_STREAM, 0, "", address


def listening() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


@contextmanager
def silent() -> Iterator[tuple[Any, ...]]:
    """An address that says nothing: whoever listens there has more callers than it will take."""
    with ExitStack() as held, socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            caller = held.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())
        yield full.getsockname()


def refusing() -> tuple[Any, ...]:
    with listening() as gone:
        address: tuple[Any, ...] = gone.getsockname()
    return address


def reach(*addresses: tuple[Any, ...], within: float = 60.0) -> socket.socket:
    return connected(("x.example", 1), within, lookup=lambda *_: [at(one) for one in addresses])


def test_an_address_that_says_nothing_costs_a_moment_and_the_next_is_taken():
    began = time.monotonic()
    with silent() as dead, listening() as alive, reach(dead, alive.getsockname()) as made:
        assert made.getpeername() == alive.getsockname()
        assert made.gettimeout() == 60.0
    assert time.monotonic() - began < 30  # a half of what the first one alone would have had


def test_an_address_that_refuses_is_passed_over_at_once():
    with listening() as alive, reach(refusing(), refusing(), alive.getsockname()) as made:
        assert made.getpeername() == alive.getsockname()


def test_an_address_of_a_kind_that_is_not_here_is_passed_over():
    strange = (socket.AF_INET, socket.SOCK_STREAM, 255, "", ("127.0.0.1", 1))
    with listening() as alive:
        found = [strange, at(alive.getsockname())]
        with connected(("x.example", 1), 60.0, lookup=lambda *_: found) as made:
            assert made.getpeername() == alive.getsockname()


def test_where_none_accepts_the_last_one_says_why():
    with pytest.raises(ConnectionRefusedError):
        reach(refusing(), refusing())
    with pytest.raises(OSError, match="no address"):
        reach()


def test_where_none_says_anything_it_ends_in_time():
    with silent() as one, silent() as other, pytest.raises(TimeoutError):
        reach(one, other, within=0.5)


def test_a_host_of_this_machine_is_reached_by_its_name():
    with listening() as alive, connected(("localhost", alive.getsockname()[1]), 60.0) as made:
        assert made.getpeername()[1] == alive.getsockname()[1]
