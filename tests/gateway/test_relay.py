"""relay: a request reaches a handler behind a socket, its answer comes back; nobody is a 503."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from headgate.errors import ConfigError, RequestError
from headgate.gateway.caller import Caller, Handler
from headgate.gateway.relay import Relay, framed, received, serve_relayed
from tests.gateway.callers import Asked
from tests.gateway.leaping import run_leaping


def listening(path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.bind(str(path))
    made.listen(8)
    return made


@asynccontextmanager
async def served(folder: Path, handler: Handler) -> AsyncIterator[Relay]:
    server = await serve_relayed(listening(folder / "s"), handler)
    try:
        yield Relay(folder / "s")
    finally:
        server.close()


async def echo(caller: Caller) -> None:
    body = await caller.body(20)
    told = [caller.method, caller.path, caller.query, caller.headers.get("cookie", ""), body]
    caller.respond(201, [("content-type", "text/x"), ("set-cookie", "a=b")], repr(told).encode())


def test_a_request_goes_there_and_its_answer_comes_back(tmp_path):
    async def ask() -> list[Asked]:
        async with served(tmp_path, echo) as relay:
            get = Asked("GET", "/plan", query="rate=20%25", headers={"cookie": "c=d"})
            post = Asked("POST", "/keys", b"name=\xff")
            await asyncio.gather(relay(get), relay(post))
            return [get, post]

    get, post = run_leaping(ask())
    assert get.status == post.status == 201
    assert get.answer_headers == {"content-type": "text/x", "set-cookie": "a=b"}
    assert get.answer == b"['GET', '/plan', 'rate=20%25', 'c=d', b'']"
    assert post.answer == b"['POST', '/keys', '', '', b'name=\\xff']"


def test_a_body_over_the_handlers_limit_is_the_callers_fault_there_too(tmp_path):
    refused: list[RequestError] = []

    async def strict(caller: Caller) -> None:
        try:
            await caller.body(20)
        except RequestError as error:
            refused.append(error)
            caller.respond(error.status, [], b"")

    async def ask() -> Asked:
        async with served(tmp_path, strict) as relay:
            asked = Asked("POST", "/keys", b"x" * 21)
            await relay(asked)
            return asked

    assert run_leaping(ask()).status == 413
    assert refused[0].code == "request_too_large"


def test_a_streamed_answer_goes_back_whole(tmp_path):
    async def in_pieces(caller: Caller) -> None:
        body = caller.stream(200, [])
        for piece in (b"one ", b"two "):
            await body.send(piece)
        assert body.write(b"three")

    async def ask() -> Asked:
        async with served(tmp_path, in_pieces) as relay:
            asked = Asked("GET", "/export")
            await relay(asked)
            return asked

    assert run_leaping(ask()).answer == b"one two three"


def test_where_nobody_listens_the_caller_is_told_to_come_again(tmp_path):
    with pytest.raises(RequestError) as caught:
        run_leaping(Relay(tmp_path / "none")(Asked("GET", "/")))
    assert caught.value.status == 503
    assert caught.value.code == "pages_unavailable"
    assert "again" in str(caught.value)


def test_a_handlers_defect_is_logged_and_ends_no_other_page(tmp_path, caplog):
    async def moody(caller: Caller) -> None:
        if caller.path == "/bad":
            raise ZeroDivisionError
        if caller.path == "/good":
            caller.respond(200, [], b"fine")

    async def ask() -> Asked:
        async with served(tmp_path, moody) as relay:
            for path in ("/bad", "/unanswered"):
                with pytest.raises(RequestError):
                    await relay(Asked("GET", path))
            good = Asked("GET", "/good")
            await relay(good)
            return good

    assert run_leaping(ask()).answer == b"fine"
    assert "ZeroDivisionError" in caplog.text
    assert "not answered" in caplog.text


def test_why_a_page_cannot_be_made_is_said_without_a_traceback(tmp_path, caplog):
    async def closed(caller: Caller) -> None:
        raise ConfigError("The ledger is a directory.", fix="Name a file.")

    async def ask() -> None:
        async with served(tmp_path, closed) as relay:
            await relay(Asked("GET", "/"))

    with pytest.raises(RequestError) as caught:
        run_leaping(ask())
    assert (caught.value.status, caught.value.code) == (503, "pages_unavailable")
    assert "a page cannot be made: The ledger is a directory." in caplog.text
    assert "Traceback" not in caplog.text


def test_who_listens_but_does_not_answer_yet_is_waited_for(tmp_path):
    async def ask() -> Asked:
        made = listening(tmp_path / "s")
        asked = Asked("GET", "/")
        waiting = asyncio.ensure_future(Relay(tmp_path / "s")(asked))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        server = await serve_relayed(made, echo)
        await waiting
        server.close()
        return asked

    assert run_leaping(ask()).status == 201


def test_a_message_that_is_cut_off_is_an_end_and_one_of_another_kind_is_not_taken():
    async def read(data: bytes, kind: type) -> object:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        return await received(reader, kind)

    whole = framed({"a": 1.5})
    assert run_leaping(read(whole, dict[str, float])) == {"a": 1.5}
    for length in (0, 3, len(whole) - 1):
        with pytest.raises(EOFError):
            run_leaping(read(whole[:length], dict[str, float]))
    with pytest.raises(msgspec.MsgspecError):
        run_leaping(read(whole, list[int]))
    with pytest.raises(msgspec.MsgspecError):
        run_leaping(read(b"hello, this is no length", str))


def test_a_page_that_is_under_way_when_the_process_ends_is_no_defect(tmp_path):
    complaints: list[str] = []

    async def ended() -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: complaints.append(context["message"])
        )
        begun = asyncio.Event()

        async def endless(_: Caller) -> None:
            begun.set()
            await asyncio.Event().wait()

        async with served(tmp_path, endless) as relay:
            asked = asyncio.create_task(relay(Asked("GET", "/")))
            await begun.wait()
            assert not asked.done()

    asyncio.run(ended())
    assert complaints == []
