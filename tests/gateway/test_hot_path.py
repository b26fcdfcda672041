"""The price of a request in function calls: the same on every machine, unlike its time.

A time would depend on what else the machine is doing; the number of calls does not. Each bound is
the count of the day it was set (on the interpreter that counts most) plus a tenth. A change that
breaks one either earns it, and says so in docs/decisions, or does work that need not be done for
every request. `python -m benchmarks.gateway.instructions` counts what these calls come to.
"""

from __future__ import annotations

import asyncio
import sys
from types import FrameType

import pytest

from headgate.routing.ngrams import COMPILED
from tests.gateway.house import LEARNED, RULES
from tests.gateway.one_request import PRICES, WARM, Ask, Kind, gateway, proxy
from tests.gateway.one_stream import paced

SOCKETS = (
    "http1_server.py",
    "http1_peer.py",
    "http1_request.py",
    "http1_client.py",
    "http1_reply.py",
    "outbox.py",
    "deadline.py",
    "field_names.py",
)
"""The files of the sockets' half: what a request costs before and after the application."""


async def calls(ask: Ask, files: tuple[str, ...] = ("",)) -> int:
    """Function calls, Python's and C's, for one request, of those within files of these names."""
    counted = 0

    def count(frame: FrameType, event: str, __: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call") and frame.f_code.co_filename.endswith(files)

    sys.setprofile(count)
    try:
        await ask()
    finally:
        sys.setprofile(None)
    return counted


def calls_for_one(tmp_path, kind: Kind) -> int:
    """Function calls for one request through a warm gateway."""

    async def main() -> int:
        async with gateway(tmp_path, kind) as ready:
            return await calls(ready())

    return min(asyncio.run(main()) for _ in range(3))


async def calls_of_the_sockets() -> int:
    """Function calls of server and client for one request that a bare proxy passes on."""
    async with proxy() as ask:
        return min([await calls(ask, SOCKETS) for _ in range(WARM)])


def test_the_sockets_take_no_more_calls_than_they_did():
    counted = asyncio.run(calls_of_the_sockets())
    assert counted <= 91
    assert counted > 45, "they take far fewer now: lower the bound, so that it stays so"


async def calls_of_a_paced_stream(tmp_path) -> int:
    """Function calls of both protocols and the driver for a stream that comes word by word."""
    async with paced(tmp_path, Kind(RULES + PRICES, stream=True)) as ask:
        return min([await calls(ask, (*SOCKETS, "driver.py", "passing.py")) for _ in range(WARM)])


def test_a_paced_stream_takes_no_more_calls_than_it_did(tmp_path):
    counted = asyncio.run(calls_of_a_paced_stream(tmp_path))
    assert counted <= 660
    assert counted > 330, "it takes far fewer now: lower the bound, so that it stays so"


@pytest.mark.parametrize(("stream", "bound"), [(False, 177), (True, 653)])
def test_a_request_takes_no_more_calls_than_it_did(tmp_path, stream, bound):
    counted = calls_for_one(tmp_path, Kind(stream=stream))
    assert counted <= bound
    assert counted > bound / 2, "it takes far fewer now: lower the bound, so that it stays so"


@pytest.mark.skipif(not COMPILED, reason="scores are computed in Python here: no C compiler")
def test_a_learned_router_adds_its_own_calls_and_no_more(tmp_path):
    added = calls_for_one(tmp_path, Kind(LEARNED))
    added -= calls_for_one(tmp_path, Kind())
    assert added <= 16
    assert added > 8, "it takes far fewer now: lower the bound, so that it stays so"


@pytest.mark.parametrize(("stream", "bound"), [(False, 234), (True, 961)])
def test_a_translated_request_takes_no_more_calls_than_it_did(tmp_path, stream, bound):
    counted = calls_for_one(tmp_path, Kind(stream=stream, claude=True))
    assert counted <= bound
    assert counted > bound / 2, "it takes far fewer now: lower the bound, so that it stays so"


TOOLS = [
    (Kind(RULES + PRICES, says="tools"), 825),
    (Kind(claude=True, says="tools"), 1143),
    (Kind(messages=True, says="tools"), 1153),
    (Kind(responses=True, says="tools"), 1036),
    (Kind(claude=True, says="thinking"), 1133),
]
"""Streams of calls and of reasoning: as they come, translated from and to Anthropic."""


@pytest.mark.parametrize(("kind", "bound"), TOOLS)
def test_a_stream_for_an_agent_takes_no_more_calls_than_it_did(tmp_path, kind, bound):
    counted = calls_for_one(tmp_path, kind._replace(stream=True))
    assert counted <= bound
    assert counted > bound / 2, "it takes far fewer now: lower the bound, so that it stays so"


def test_a_key_with_a_budget_adds_its_own_calls_and_no_more(tmp_path):
    priced = RULES + PRICES
    added = calls_for_one(tmp_path, Kind(priced, key=True))
    added -= calls_for_one(tmp_path, Kind(priced))
    assert added <= 58
    assert added > 29, "it takes far fewer now: lower the bound, so that it stays so"


def test_a_request_that_is_traced_adds_its_own_calls_and_no_more(tmp_path):
    added = calls_for_one(tmp_path, Kind(traced=True))
    added -= calls_for_one(tmp_path, Kind())
    assert added <= 34
    assert added > 17, "it takes far fewer now: lower the bound, so that it stays so"


@pytest.mark.parametrize(("stream", "bound"), [(False, 35), (True, 248)])
def test_a_request_that_is_kept_adds_its_own_calls_and_no_more(tmp_path, stream, bound):
    added = calls_for_one(tmp_path, Kind(stream=stream, kept=True))
    added -= calls_for_one(tmp_path, Kind(stream=stream))
    assert added <= bound
    assert added > bound / 2, "it takes far fewer now: lower the bound, so that it stays so"
