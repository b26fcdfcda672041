"""http1_peer: what callers may send and what they get back, byte for byte on real sockets."""

from __future__ import annotations

import asyncio
import logging
import weakref
from ast import literal_eval
from typing import Any

import pytest

from headgate.errors import RequestError
from headgate.gateway import http1_peer
from headgate.gateway.caller import Caller, Handler
from headgate.gateway.field_names import MOST_KEPT, FieldNames
from headgate.gateway.http1_request import Request
from tests.gateway.leaping import run_leaping
from tests.gateway.sockets import JSON, ask, get, post, serving, status, talk


def test_a_request_may_arrive_a_byte_at_a_time():
    request = post(b"abc")
    assert ask(*(bytes([byte]) for byte in request)).endswith(b"/b|abc")


def test_a_connection_serves_many_requests_in_order_pipelined_or_not():
    pipelined = b"".join(post(b"%d" % n, close=False) for n in range(20)) + post(b"last")
    answer = ask(pipelined)
    bodies = [part.split(b"\r\n\r\n")[1] for part in answer.split(b"HTTP/1.1 200 OK\r\n")[1:]]
    assert bodies == [b"/b|%d" % n for n in range(20)] + [b"/b|last"]


def test_an_absolute_form_target_is_understood():
    assert ask(get("http://h/x/y?z")).endswith(b"/x/y|")


def test_repeated_headers_are_joined():
    async def show(caller: Caller) -> None:
        caller.respond(200, [], caller.headers["x-a"].encode())

    assert ask(get("/", "x-a: 1", "X-A: 2"), handler=show).endswith(b"1, 2")


def test_a_field_keeps_its_value_whatever_it_holds_and_whatever_stands_beside_it():
    async def show(caller: Caller) -> None:
        caller.respond(200, [], ascii(caller.headers).encode())

    sent = (
        b"GET / HTTP/1.1\r\nhost: h\r\nx-empty:\r\nX-Odd: a\x85b \xff\tc\r\nx-empty: 2\r\nx-last: z"
    )
    answer = ask(sent + b"\r\nconnection: close\r\n\r\n", handler=show)
    assert literal_eval(answer.partition(b"\r\n\r\n")[2].decode()) == {
        "host": "h",
        "x-empty": ", 2",
        "x-odd": "a\x85b \xff\tc",
        "x-last": "z",
        "connection": "close",
    }


CHUNKED = b"POST /b HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"


def test_a_trailer_is_no_field_of_the_request():
    async def show(caller: Caller) -> None:
        body = await caller.body(100)
        caller.respond(200, [], body + b"|" + caller.headers.get("x-late", "none").encode())

    answer = ask(CHUNKED + b"3\r\nabc\r\n0\r\nx-late: 1\r\n\r\n", handler=show)
    assert answer.endswith(b"abc|none")


def test_trailers_without_an_end_are_refused():
    answer = ask(CHUNKED + b"0\r\n", *[b"x: " + b"y" * 500 + b"\r\n"] * 20)
    assert status(answer) == 431


MALFORMED = [
    b"GARBAGE\r\n\r\n",
    b"GET / HTTP/9.9\r\nhost: h\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",  # no host
    b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nhost: h\r\nx y: 1\r\n\r\n",
    b"GET / HTTP/1.1\r\nhost : h\r\n\r\n",
    b"GET / HTTP/1.1\r\nhost: h\r\nx: a\r\n folded\r\n\r\n",
    b"GET / HTTP/1.1\nhost: h\n\n",
    b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
    (
        b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n"
        b"\r\n0\r\n\r\n"
    ),
    (
        b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n"
        b"\r\n0\r\n\r\n"
    ),
    b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: +3\r\n\r\nabc",
    b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 99999999999999999999999\r\n\r\n",
    b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\nabc\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n",
]


@pytest.mark.parametrize("request_bytes", MALFORMED)
def test_a_malformed_request_is_refused_and_never_reaches_a_handler_as_whole(request_bytes):
    whole: list[bytes] = []

    async def remember(caller: Caller) -> None:
        try:
            whole.append(await caller.body(1000))
        except RequestError as error:
            caller.respond(error.status, JSON, b"{}")
        else:
            caller.respond(200, [], b"")

    # what follows would be a second request if the first were misread
    answer = ask(request_bytes + get("/smuggled"), handler=remember)
    assert status(answer) == 400
    assert answer.count(b"HTTP/1.1 ") == 1
    assert whole == []


def test_a_head_that_is_too_long_gets_431():
    assert status(ask(get("/", "x: " + "y" * 10_000))) == 431
    assert status(ask(b"GET /" + b"y" * 10_000)) == 431


def test_slow_heads_and_slow_bodies_get_408():
    assert status(ask(b"GET / HT")) == 408
    assert status(ask(post(b"x" * 100)[:-50])) == 408


def test_a_head_that_drips_has_no_more_time_than_one_that_stops():
    drops = [bytes([byte]) for byte in get("/" + "x" * 40)[:30]]  # more of it than there is time
    assert status(ask(*drops, pause=0.02)) == 408


def test_a_body_that_drips_has_its_time_between_two_pieces():
    whole = post(b"x" * 8)
    pieces = (whole[:-8], *[b"x"] * 8)
    assert status(ask(*pieces, pause=0.06)) == 200  # half a second in all


def test_any_number_of_header_names_is_read_and_few_are_kept(monkeypatch):
    monkeypatch.setattr(http1_peer, "_NAMES", FieldNames())  # the others' table is not filled up

    async def names(caller: Caller) -> None:
        caller.respond(200, JSON, ",".join(caller.headers).encode())

    for start in range(0, 600, 40):
        told = ask(get("/a", *(f"X-N{start + n}: 1" for n in range(40))), handler=names)
        assert f"x-n{start + 39}".encode() in told
    assert len(http1_peer._NAMES) <= MOST_KEPT


def test_a_connection_that_says_nothing_is_closed_without_an_answer():
    assert ask() == b""


def test_an_idle_connection_is_closed():
    answer = ask(post(b"x", close=False))
    assert status(answer) == 200
    assert b"connection: close" not in answer


def test_an_upgrade_is_not_taken_up():
    answer = ask(get("/", "upgrade: h2c", "http2-settings: x"))
    assert status(answer) == 200


# ---- streams


@pytest.mark.parametrize("request_bytes", [get(), get().replace(b"connection: close\r\n", b"")])
def test_a_stream_whose_handler_fails_is_cut_and_never_looks_whole(request_bytes, caplog):
    async def fail(caller: Caller) -> None:
        out = caller.stream(200, [])
        await out.send(b"one")
        raise RuntimeError("a defect")

    with caplog.at_level(logging.CRITICAL, "headgate.gateway"):
        answer = ask(request_bytes, handler=fail)
    assert not answer.endswith(b"0\r\n\r\n")


def test_a_handler_that_never_answers_cuts_the_connection():
    async def forget(caller: Caller) -> None:
        await caller.body(10)

    assert ask(get(), handler=forget) in (b"", b"<reset>")


def test_a_head_that_comes_with_a_long_body_is_measured_by_itself():
    async def take(caller: Caller) -> None:
        caller.respond(200, [], b"%d" % len(await caller.body(10**6)))

    body, lines = b"x" * 20_000, [f"x-{n}: {'y' * 90}" for n in range(60)]
    assert ask(post(body, *lines[:30]), handler=take).endswith(b"20000")
    assert status(ask(post(body, *lines), handler=take)) == 431


def test_a_second_head_in_a_segment_is_measured_as_the_first():
    long = get("/", *(f"x-{n}: {'y' * 90}" for n in range(60)))
    answers = ask(post(b"one", close=False) + long)
    assert answers.count(b"HTTP/1.1 200 OK") == 1
    assert answers.endswith(b"/b|one")  # and with that the connection ends


def test_a_head_that_begins_behind_a_long_body_is_measured_by_itself():
    async def take(caller: Caller) -> None:
        caller.respond(200, [], b"%d" % len(await caller.body(10**6)))

    last = get()
    first = post(b"x" * 20_000, close=False)
    answers = ask(first + last[:10], last[10:], handler=take, pause=0.05)
    assert answers.count(b"HTTP/1.1 200 OK") == 2


def test_an_idle_connection_keeps_nothing_of_its_last_request():
    told: list[weakref.ref[Request]] = []

    async def refuse(caller: Caller) -> None:
        assert isinstance(caller, Request)
        told.append(weakref.ref(caller))
        caller.respond(401, [], b"")

    async def case() -> None:
        async with serving(refuse) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(post(b"x" * 20_000, close=False))
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(0.05)
            assert told[0]() is None
            writer.close()
            await writer.wait_closed()

    run_leaping(case())


def test_a_field_that_is_repeated_without_an_end_is_refused():
    assert status(ask(get("/", *["a: " + "y" * 30] * 200))) == 431


@pytest.mark.parametrize(
    ("head", "version"),
    [
        ("HTTP/1.1\r\nhost: h", "1.1"),
        ("HTTP/1.1\r\nhost: h\r\nconnection: close", "1.1"),
        ("HTTP/1.1\r\nhost: h\r\nconnection: keep-alive", "1.1"),
        ("HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: x", "1.1"),
        ("HTTP/1.0", "1.0"),
        ("HTTP/1.0\r\nconnection: keep-alive", "1.0"),
        ("HTTP/1.0\r\nproxy-connection: keep-alive", "1.0"),
    ],
)
def test_a_stream_has_chunks_where_the_caller_knows_them(head, version):
    async def stream(caller: Caller) -> None:
        await caller.stream(200, []).send(b"data")

    answer = ask(f"GET / {head}\r\n\r\n".encode(), handler=stream)
    assert answer.endswith(b"4\r\ndata\r\n0\r\n\r\n" if version == "1.1" else b"\r\n\r\ndata")


def test_requests_on_one_connection_have_each_their_own_target():
    targets = [b"/a", b"/b?1", b"/b?1", b"/a", b"/b?2"]
    sent = b"".join(b"GET %b HTTP/1.1\r\nhost: h\r\n\r\n" % target for target in targets)

    async def show(caller: Caller) -> None:
        caller.respond(200, [], f"{caller.path}|{caller.query};".encode())

    answer = ask(sent, handler=show)
    found = [part.partition(b";")[0] for part in answer.split(b"\r\n\r\n")[1:]]
    assert found == [b"/a|", b"/b|1", b"/b|1", b"/a|", b"/b|2"]


def test_a_busy_connection_outlives_the_time_an_idle_one_has():
    async def late(caller: Caller) -> None:
        await asyncio.sleep(0.6)  # twice as long
        caller.respond(200, [], b"late")

    answer = ask(post(b"", close=False), get(), handler=late)
    assert answer.count(b"late") == 2


def noting(tasks: set[asyncio.Task[Any]]) -> Handler:
    """Answers, and notes in which task."""

    async def note(caller: Caller) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        caller.respond(200, [], b"x")

    return note


def test_one_task_answers_all_requests_of_a_connection_and_ends_with_it():
    async def case() -> None:
        tasks: set[asyncio.Task[Any]] = set()
        async with serving(noting(tasks)) as (server, port):
            answer = await talk(port, post(b"", close=False), post(b"", close=False), get())
            assert answer.count(b"200 OK") == 3
            (task,) = tasks
            await asyncio.wait({task}, timeout=60)
            assert task.done()
            assert not server.tasks

    run_leaping(case())


def test_the_task_of_an_idle_connection_ends_when_its_caller_leaves():
    async def case() -> None:
        tasks: set[asyncio.Task[Any]] = set()
        async with serving(noting(tasks)) as (server, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(post(b"", close=False))
            await reader.readuntil(b"x")
            (task,) = tasks
            assert not task.done()
            assert not server.tasks, "an idle connection counts as a request under way"
            writer.close()
            await asyncio.wait({task}, timeout=60)
            assert task.done()

    run_leaping(case())


def test_more_requests_than_may_wait_are_all_answered_and_the_socket_is_not_read_meanwhile():
    paused: list[bool] = []

    async def case() -> None:
        async def look(caller: Caller) -> None:
            (peer,) = server.peers
            paused.append(peer._paused)
            caller.respond(200, [], b"x")

        async with serving(look) as (server, port):
            many = post(b"", close=False) * 20
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(post(b"", close=False))  # its task has been made, and waits
            await reader.readuntil(b"\r\n\r\nx")
            writer.write(many)
            for _ in range(20):
                await reader.readuntil(b"\r\n\r\nx")
            writer.close()

    run_leaping(case())
    assert paused == [False] + [True] * 20
