"""names: what a name stands for, with look-ups that a test holds up."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence

import pytest

from headgate.gateway.names import Address, Names, system_lookup

FIRST = [Address(socket.AF_INET, "192.0.2.1", 443)]
SECOND = [Address(socket.AF_INET, "192.0.2.2", 443)]
AGAIN = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
UNKNOWN = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
Answer = Sequence[Address] | OSError
Case = Callable[["Names", "Resolver"], Awaitable[None]]


class Resolver:
    """Answers as it is told to, and counts; while `go` is not set it answers nobody."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked = 0
        self.go = threading.Event()
        self.go.set()

    def __call__(self, host: str, port: int) -> Sequence[Address]:
        assert (host, port) == ("api.example", 443)
        self.asked += 1
        self.go.wait(30)
        if isinstance(self.answer, OSError):
            raise self.answer
        return self.answer


def looking(case: Case, answer: Answer = FIRST, **options: float) -> Resolver:
    """Runs a case with names that ask a resolver."""
    resolver = Resolver(answer)

    async def main() -> None:
        try:
            await case(Names(lookup=resolver, **options), resolver)
        finally:
            resolver.go.set()

    asyncio.run(main())
    return resolver


async def ask(names: Names) -> Sequence[Address]:
    return await names.addresses("api.example", 443)


def test_all_who_want_a_name_at_once_share_one_look_up_and_the_next_one_asks_anew():
    async def case(names: Names, resolver: Resolver) -> None:
        resolver.go.clear()
        waiting = [asyncio.create_task(ask(names)) for _ in range(20)]
        await asyncio.sleep(0)
        resolver.go.set()
        assert await asyncio.gather(*waiting) == [FIRST] * 20
        resolver.answer = SECOND
        assert await ask(names) == SECOND

    assert looking(case).asked == 2


def test_one_who_leaves_takes_the_answer_from_nobody_else():
    async def case(names: Names, resolver: Resolver) -> None:
        resolver.go.clear()
        leaving, staying = (asyncio.create_task(ask(names)) for _ in range(2))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        resolver.go.set()
        assert await staying == FIRST

    assert looking(case).asked == 1


@pytest.mark.parametrize("failure", [AGAIN, socket.gaierror(socket.EAI_FAIL, "x"), OSError("x")])
def test_while_nobody_can_answer_a_name_stands_for_what_it_stood_for(failure, caplog):
    caplog.set_level(logging.INFO, "headgate.gateway")

    async def case(names: Names, resolver: Resolver) -> None:
        assert await ask(names) == FIRST
        resolver.answer = failure
        assert [await ask(names) for _ in range(3)] == [FIRST] * 3
        resolver.answer = SECOND
        assert await ask(names) == SECOND

    looking(case)
    failing, again = caplog.messages
    assert failing.startswith("api.example cannot be looked up (")
    assert again == "api.example can be looked up again"


def test_a_host_that_is_no_more_is_forgotten_at_once():
    async def case(names: Names, resolver: Resolver) -> None:
        await ask(names)
        for resolver.answer in (UNKNOWN, AGAIN):
            with pytest.raises(socket.gaierror) as caught:
                await ask(names)
            assert caught.value is resolver.answer

    looking(case)


@pytest.mark.parametrize("failure", [AGAIN, UNKNOWN, []])
def test_a_name_that_was_never_known_fails_as_its_look_up_does(failure):
    async def case(names: Names, _: Resolver) -> None:
        with pytest.raises(OSError, match=r"Temporary|not known|no address"):
            await ask(names)

    looking(case, failure)


@pytest.mark.parametrize("patience", [0.0, 0.05])
def test_a_look_up_that_hangs_holds_nobody_up_who_knows_the_name_but_for_its_patience(
    patience, caplog
):
    """And whoever asks meanwhile begins no other one."""

    async def case(names: Names, resolver: Resolver) -> None:
        assert await ask(names) == FIRST
        resolver.answer = SECOND
        resolver.go.clear()
        assert [await ask(names) for _ in range(3)] == [FIRST] * 3
        while resolver.asked < 2:  # noqa: ASYNC110 - it begins in another thread
            await asyncio.sleep(0)
        assert await ask(names) == FIRST
        assert resolver.asked == 2
        resolver.go.set()
        while await ask(names) == FIRST:  # noqa: ASYNC110 - it comes from another thread
            await asyncio.sleep(0)

    looking(case, patience=patience)
    assert caplog.messages[0] == (
        "api.example cannot be looked up (no answer yet); what it stood for last holds, "
        "for 60 min at most"
    )


def test_what_is_remembered_for_too_long_is_not_known_any_more():
    async def case(names: Names, resolver: Resolver) -> None:
        assert await ask(names) == FIRST
        resolver.answer = AGAIN
        with pytest.raises(OSError, match="Temporary"):
            await ask(names)

    looking(case, remembered=0.0)


def test_a_look_up_that_hangs_is_not_waited_for_at_the_end():
    """A thread that waits for a dead resolver holds neither the loop nor the process up."""
    told: list[str] = []

    async def case(names: Names, resolver: Resolver) -> None:
        before = {*threading.enumerate()}  # look-ups of other tests may hang still
        resolver.go.clear()
        asking = asyncio.create_task(ask(names))
        while not resolver.asked:  # noqa: ASYNC110 - it begins in another thread
            await asyncio.sleep(0)
        asking.cancel()
        (thread,) = (
            one for one in {*threading.enumerate()} - before if one.name == "headgate-name"
        )
        assert thread.daemon
        told.append("over")

    looking(case)
    assert told == ["over"]


def test_the_system_knows_this_machine_and_a_name_that_cannot_be_one_is_unknown():
    assert Address(socket.AF_INET, "127.0.0.1", 80) in system_lookup("localhost", 80)
    for name in ("a" * 64 + ".example", "x..example"):
        with pytest.raises(socket.gaierror):
            system_lookup(name, 80)
