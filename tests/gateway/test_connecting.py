"""connecting: the race of addresses, on a loop that leaps; connections, on both event loops."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, cast

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from headgate.errors import UpstreamError
from headgate.gateway.connecting import (
    SHUNNED_SECONDS,
    STAGGER,
    Connector,
    dialled,
    interleaved,
    raced,
)
from headgate.gateway.http1_client import Http1Upstream
from headgate.gateway.names import Address
from headgate.gateway.upstream import endpoint
from headgate.values import Proxy
from tests.gateway.leaping import run_leaping
from tests.gateway.scripted import OK, fetch, serving, simply
from tests.proxies import ESTABLISHED, forwarding

NEVER = 1e9
ONCE = OK.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
REFUSED = OSError(errno.ECONNREFUSED, "Connect call failed ('192.0.2.1', 443)")
NO_ROUTE = OSError(errno.ENETUNREACH, "Connect call failed ('2001:db8::1', 443)")
NO_FILES = OSError(errno.EMFILE, "Too many open files")
V4 = [Address(socket.AF_INET, f"192.0.2.{number}", 443) for number in range(1, 5)]
V6 = [Address(socket.AF_INET6, f"2001:db8::{number}", 443) for number in range(1, 5)]


class Link:
    """A transport, as far as the race needs one."""

    def __init__(self, ip: str) -> None:
        self.ip = ip
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True


class Addresses:
    """How long each address takes, and to what end; remembers who was tried, and when."""

    def __init__(self, **takes: float | tuple[float, OSError]) -> None:
        self._takes = {int(name[1:]): what for name, what in takes.items()}
        self.tried: list[tuple[int, float]] = []
        self.links: list[Link] = []
        self.cancelled: list[int] = []

    async def dial(self, address: Address) -> asyncio.Transport:
        number = int(address.ip.rpartition(".")[2])
        self.tried.append((number, asyncio.get_running_loop().time()))
        takes = self._takes[number]
        seconds, failure = takes if isinstance(takes, tuple) else (takes, None)
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.cancelled.append(number)
            raise
        if failure is not None:
            raise failure
        self.links.append(Link(address.ip))
        return cast("asyncio.Transport", self.links[-1])


def race(addresses: Addresses) -> tuple[str, list[str]]:
    """Who has won, and whom it overtook."""

    async def case() -> tuple[str, list[str]]:
        won = await raced(V4[: len(addresses._takes)], addresses.dial, STAGGER)
        await asyncio.sleep(0)
        return cast("Link", won.transport).ip, [one.ip for one in won.overtook]

    return run_leaping(case())


def lost(addresses: Addresses) -> OSError:
    with pytest.raises(OSError, match=r".") as caught:
        race(addresses)
    return caught.value


# ---- the race


def test_an_address_that_accepts_in_time_is_the_only_one_tried():
    addresses = Addresses(_1=STAGGER * 0.9, _2=0.0)
    assert race(addresses) == ("192.0.2.1", [])
    assert addresses.tried == [(1, 0.0)]


def test_beside_one_that_does_not_answer_the_next_is_tried_a_moment_later():
    addresses = Addresses(_1=NEVER, _2=NEVER, _3=0.1)
    assert race(addresses) == ("192.0.2.3", ["192.0.2.1", "192.0.2.2"])
    assert addresses.tried == [(1, 0.0), (2, STAGGER), (3, 2 * STAGGER)]
    assert sorted(addresses.cancelled) == [1, 2]


def test_after_one_that_fails_the_next_is_tried_at_once():
    addresses = Addresses(_1=(0.0, NO_ROUTE), _2=(0.01, REFUSED), _3=0.02)
    assert race(addresses) == ("192.0.2.3", ["192.0.2.1", "192.0.2.2"])
    assert [number for number, _ in addresses.tried] == [1, 2, 3]
    assert addresses.tried[-1][1] == pytest.approx(0.01)


def test_a_slow_one_may_still_win_and_the_later_one_is_given_up():
    addresses = Addresses(_1=STAGGER + 0.05, _2=1.0, _3=0.0)
    assert race(addresses) == ("192.0.2.1", [])
    assert addresses.cancelled == [2]


def test_of_two_that_connect_in_the_same_moment_one_is_closed():
    addresses = Addresses(_1=STAGGER * 2, _2=STAGGER)
    winner, _ = race(addresses)
    assert sorted((link.ip == winner, link.aborted) for link in addresses.links) == [
        (False, True),
        (True, False),
    ]


def test_one_who_leaves_gives_all_up():
    addresses = Addresses(_1=NEVER, _2=NEVER, _3=NEVER)

    async def case() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(raced(V4[:3], addresses.dial, STAGGER), STAGGER * 1.5)
        await asyncio.sleep(0)

    run_leaping(case())
    assert sorted(addresses.cancelled) == [1, 2]


def test_where_all_fail_each_is_named_or_the_one_reason_of_all():
    same = lost(Addresses(_1=(0.0, REFUSED), _2=(0.0, REFUSED)))
    assert (same.errno, same.strerror) == (errno.ECONNREFUSED, "Connection refused")
    different = lost(Addresses(_1=(0.0, NO_ROUTE), _2=(0.0, REFUSED)))
    assert (
        different.strerror == "Network is unreachable (192.0.2.1); Connection refused (192.0.2.2)"
    )


@pytest.mark.parametrize("order", [(NO_ROUTE, NO_FILES), (NO_FILES, REFUSED)])
def test_a_want_of_files_is_never_told_as_the_hosts_fault(order):
    first, second = order
    assert lost(Addresses(_1=(0.0, first), _2=(0.0, second))).errno == errno.EMFILE


_TAKES = st.floats(0, 3) | st.tuples(st.floats(0, 3), st.sampled_from([REFUSED, NO_ROUTE]))


@given(st.lists(_TAKES, min_size=1, max_size=4))
def test_whatever_addresses_do_one_connection_is_left_or_none_and_never_for_want_of_patience(
    takes,
):
    addresses = Addresses(**{f"_{number}": one for number, one in enumerate(takes, 1)})
    if any(isinstance(one, float) for one in takes):
        winner, _ = race(addresses)
        assert [link.ip for link in addresses.links if not link.aborted] == [winner]
    else:
        lost(addresses)
        assert len(addresses.tried) == len(takes)
        assert addresses.links == []


# ---- the order


def test_families_come_in_turn_and_the_first_one_first():
    assert interleaved([*V6[:3], *V4[:2]]) == [V6[0], V4[0], V6[1], V4[1], V6[2]]
    assert interleaved([V4[0], *V6[:2]]) == [V4[0], V6[0], V6[1]]
    assert interleaved(V4) == V4


@given(st.lists(st.sampled_from([*V4, *V6]), unique=True))
def test_no_address_is_lost_and_within_a_family_the_order_stays(found):
    turned = interleaved(found)
    for family in (socket.AF_INET, socket.AF_INET6):
        assert [one for one in turned if one.family == family] == [
            one for one in found if one.family == family
        ]


# ---- connections


Run = Callable[[Callable[[], Coroutine[Any, Any, None]]], None]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a case on one of the two event loops."""

    def runs(case: Callable[[], Coroutine[Any, Any, None]]) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(asyncio.wait_for(case(), 30))

    return runs


class Network:
    """Dead addresses before that of a server on this machine, whatever name is asked for."""

    def __init__(self, *dead: str) -> None:
        self.dead = dead
        self.tried: list[str] = []
        self.alive = True

    def lookup(self, _: str, port: int) -> Sequence[Address]:
        addresses = [*self.dead, "127.0.0.1"] if self.alive else self.dead
        return [Address(socket.AF_INET, ip, port) for ip in addresses]

    async def dial(self, address: Address) -> asyncio.Transport:
        self.tried.append(address.ip)
        if address.ip == "192.0.2.1":  # a black hole
            await asyncio.Event().wait()
        if address.ip == "192.0.2.2":
            raise REFUSED
        return await dialled(address)

    def client(self, tls: ssl.SSLContext | None = None, *, within: float = 25.0) -> Http1Upstream:
        connector = Connector(within=within, lookup=self.lookup, dial=self.dial)
        return Http1Upstream(connect_timeout=within, tls=tls, connector=connector)


@pytest.mark.parametrize("dead", ["192.0.2.1", "192.0.2.2"])
def test_a_dead_first_address_costs_a_moment_once_and_no_call(run: Run, dead: str, caplog):
    caplog.set_level("INFO", "headgate.gateway")
    network = Network(dead)

    async def case() -> None:
        async with serving(simply(ONCE)) as (scripted, base):
            client = network.client()
            named = base.replace("127.0.0.1", "api.example")
            for number, first in enumerate([dead, "127.0.0.1", "127.0.0.1"], 1):
                before = len(network.tried)
                assert await fetch(client, named) == b"ok"
                assert network.tried[before] == first
                assert scripted.connections == number
            await client.close()

    run(case)
    assert [text for text in caplog.messages if dead in text] == [
        f"api.example: tried last for a while, for another one was quicker: {dead}"
    ]


def test_an_address_that_was_overtaken_is_tried_first_again_after_a_while():
    async def case() -> None:
        connector = Connector(within=5.0)
        connector._shun(V4[:1], 0.0)
        for now, first in ((0.0, V4[1]), (SHUNNED_SECONDS, V4[0])):
            assert connector._in_order(V4[:2], now)[0] == first
        connector._shun(V4[1:2], SHUNNED_SECONDS)
        assert [*connector._shunned] == V4[1:2]

    asyncio.run(case())


def test_in_tls_the_name_is_verified_and_not_the_address(run: Run, certificate):
    async def case() -> None:
        server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server_side.load_cert_chain(certificate)
        trusting = ssl.create_default_context(cafile=str(certificate))
        async with serving(simply(OK), server_side) as (scripted, base):
            client = Network("192.0.2.2").client(trusting)
            named = base.replace("127.0.0.1", "localhost")  # its certificate is for 127.0.0.1
            with pytest.raises(UpstreamError, match=r"(?i)certificate") as caught:
                await fetch(client, named)
            assert caught.value.kind == "connect"
            trusting.check_hostname = False
            assert [await fetch(client, named) for _ in range(2)] == [b"ok"] * 2
            assert scripted.connections == 1  # the other one had no end of its TLS
            await client.close()

    run(case)


def test_where_no_address_answers_all_of_it_takes_no_longer_than_the_time_to_connect(run: Run):
    network = Network("192.0.2.1", "192.0.2.1", "192.0.2.1")
    network.alive = False

    async def case() -> None:
        client = network.client(within=0.2)
        with pytest.raises(UpstreamError, match=r"did not accept a connection within 0\.2 s"):
            await fetch(client, "http://api.example")
        await client.close()

    run(case)


def test_a_proxy_with_a_dead_address_is_reached_too(run: Run):
    network = Network("192.0.2.2")

    async def case() -> None:
        async with serving(simply(OK)) as (_, base), forwarding(ESTABLISHED) as proxy:
            way = endpoint(base + "/v1/x", [], proxy=Proxy("proxy.example", proxy.port))
            client = network.client()
            assert await (await client.send(way, b"{}")).read() == b"ok"
            await client.close()

    run(case)
    assert network.tried == ["192.0.2.2", "127.0.0.1"]


class Told(asyncio.Protocol):
    """Hears of its connection's end."""

    def __init__(self) -> None:
        self.lost = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()


def test_a_connection_that_ends_before_it_is_taken_over_is_never_taken_for_an_open_one(run: Run):
    async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def dial(address: Address) -> asyncio.Transport:
        transport = await dialled(address)
        for _ in range(20):  # uvloop has heard of it by then
            if not transport.is_closing():
                await asyncio.sleep(0.01)
        return transport

    async def case() -> None:
        async with await asyncio.start_server(close, "127.0.0.1", 0) as server:
            connector = Connector(within=25, lookup=Network().lookup, dial=dial)
            port = server.sockets[0].getsockname()[1]
            try:
                _, told = await connector.connect(Told, "api.example", port)
            except OSError:
                return
            await told.lost.wait()

    run(case)
