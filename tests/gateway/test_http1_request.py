"""http1_request: a body is read as far as it is wanted, and an answer is framed so that it ends."""

from __future__ import annotations

import asyncio
import json

import httptools
import pytest

from headgate.errors import RequestError
from headgate.gateway.caller import Caller
from headgate.gateway.http1_refusals import malformed
from headgate.gateway.http1_request import (
    READ_AHEAD,
    Request,
    last_answer,
    size_of,
    status_line,
    target_of,
)
from tests.gateway.leaping import run_leaping
from tests.gateway.sockets import ask, get, post, serving, status


def test_a_request_is_answered_with_length_and_date():
    answer = ask(get("/a?x=1"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert body == b"/a|"
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 200 OK"
    assert b"content-length: 3" in lines
    assert b"x-method: GET" in lines
    assert b"connection: close" in lines
    assert any(line.startswith(b"date: ") for line in lines)


def test_a_body_of_either_framing_arrives_whole():
    chunked = (
        b"POST /b HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    assert ask(post(b"abcde")).endswith(b"/b|abcde")
    assert ask(chunked).endswith(b"/b|abcde")


def test_head_has_the_length_but_no_body():
    answer = ask(get().replace(b"GET", b"HEAD"))
    assert b"content-length: 3" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_a_caller_that_waits_for_100_continue_gets_it_and_only_if_the_body_is_wanted():
    request = post(b"abc", "expect: 100-continue")
    head, body = request[:-3], request[-3:]
    assert ask(head, body, pause=0.05).startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")
    too_long = b"POST / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 9999\r\n\r\n"
    assert status(ask(too_long)) == 413


def test_a_body_over_the_limit_gets_413_and_the_caller_can_read_it_while_still_sending():
    async def case() -> bytes:
        async with serving() as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 5000000\r\n\r\n")
            for _ in range(50):
                writer.write(b"x" * 100_000)
                await writer.drain()
            answer = await asyncio.wait_for(reader.read(), 60)
            writer.close()
            return answer

    assert status(run_leaping(case())) == 413


def test_a_chunked_body_over_the_limit_gets_413():
    head = b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
    assert status(ask(head, *[b"100\r\n" + b"x" * 256 + b"\r\n"] * 10)) == 413


def test_http_1_0_gets_its_answer_and_the_end_of_the_connection():
    answer = ask(b"GET /old HTTP/1.0\r\n\r\n")
    assert answer.endswith(b"/old|")


async def stream_three(caller: Caller) -> None:
    out = caller.stream(200, [("content-type", "text/event-stream")])
    for part in (b"one", b"", b"two"):
        await out.send(part)


def test_a_stream_goes_out_in_chunks_and_ends_with_the_last_one():
    answer = ask(get(), handler=stream_three)
    assert answer.endswith(b"\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")


def test_a_stream_to_http_1_0_ends_with_the_connection():
    answer = ask(b"GET / HTTP/1.0\r\n\r\n", handler=stream_three)
    assert answer.endswith(b"\r\n\r\nonetwo")
    assert b"chunked" not in answer


def test_a_caller_that_leaves_is_noticed_at_once():
    async def case() -> None:
        left = asyncio.Event()
        seen: list[BaseException] = []

        async def wait(caller: Caller) -> None:
            task = asyncio.current_task()
            assert task is not None
            caller.on_leave(task.cancel)
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError as error:
                seen.append(error)
                left.set()
                raise

        async with serving(wait) as (server, port):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(get())
            await asyncio.sleep(0.05)
            assert len(server.tasks) == 1
            writer.close()
            await asyncio.wait_for(left.wait(), 60)
            await asyncio.sleep(0.01)
            assert len(seen) == 1
            assert not server.tasks
            assert not server.peers

    run_leaping(case())


class Line:
    """A connection that notes what a request asks of it."""

    def __init__(self) -> None:
        self.full = self.gone = self.closing = False
        self.reading = [True]
        self.sent = b""

    def date(self) -> str:
        return "date: now\r\n"

    def write(self, data: bytes) -> None:
        self.sent += data

    async def drained(self) -> None:
        self.full = False

    def pause(self) -> None:
        self.reading.append(False)

    def resume(self) -> None:
        self.reading.append(True)


def test_what_nobody_has_asked_for_is_read_up_to_a_length_and_then_waits():
    async def case() -> None:
        line = Line()
        request = Request(line)
        request.received(b"x" * READ_AHEAD)
        assert line.reading == [True]
        request.received(b"y")
        assert line.reading == [True, False]
        taken = asyncio.ensure_future(request.body(3 * READ_AHEAD))
        await asyncio.sleep(0)
        assert line.reading == [True, False, True]
        request.received(b"z" * READ_AHEAD)  # it is wanted now, however much
        assert line.reading == [True, False, True]
        request.complete()
        assert len(await taken) == 2 * READ_AHEAD + 1

    run_leaping(case())


def test_a_request_is_answered_once():
    request = Request(Line())
    request.respond(200, [], b"yes")
    with pytest.raises(RuntimeError, match="answered once"):
        request.respond(200, [], b"no")
    with pytest.raises(RuntimeError, match="answered once"):
        request.stream(200, [])


def test_an_answer_before_the_end_of_the_request_is_the_connections_last():
    line = Line()
    request = Request(line)
    request.respond(413, [], b"")
    assert b"connection: close" in line.sent
    assert not request.end()


def test_whoever_wants_to_hear_that_the_caller_has_left_hears_it_once_also_afterwards():
    line, heard = Line(), []
    request = Request(line)
    request.on_leave(lambda: heard.append("told"))
    request.broken(ConnectionError())
    request.broken(ConnectionError())
    assert heard == ["told"]
    line.gone = True
    request.on_leave(lambda: heard.append("at once"))
    assert heard == ["told", "at once"]


def test_a_body_that_was_malformed_is_no_leaving():
    request, heard = Request(Line()), []
    request.on_leave(lambda: heard.append("told"))
    request.broken(RequestError("no", code="bad_http", fix="mend it"))
    assert heard == []
    with pytest.raises(RequestError):
        run_leaping(request.body(10))


def test_what_is_written_says_whether_there_may_be_more_at_once():
    line = Line()
    out = Request(line).stream(200, [])
    assert out.write(b"abc")
    assert out.write(b"")  # no chunk, which would be the end
    line.full = True
    assert not out.write(b"d")
    line.gone = True
    with pytest.raises(ConnectionError):
        out.write(b"e")
    assert line.sent.endswith(b"3\r\nabc\r\n1\r\nd\r\n")


def test_a_stream_waits_for_a_caller_that_reads_slowly_and_ends_where_it_has_gone():
    async def case() -> None:
        line = Line()
        line.full = True
        out = Request(line).stream(200, [])
        await out.send(b"abc")
        assert not line.full  # it was waited for
        line.gone = True
        with pytest.raises(ConnectionError):
            await out.send(b"d")

    run_leaping(case())


def test_a_status_without_a_name_has_a_first_line_too():
    assert status_line(404) == "HTTP/1.1 404 Not Found\r\n"
    assert status_line(529) == "HTTP/1.1 529 \r\n"


@pytest.mark.parametrize(
    ("url", "target"),
    [
        (b"/v1/models", ("/v1/models", "")),
        (b"/v1/models?a=1#end", ("/v1/models", "a=1")),
        (b"/v1?", ("/v1", "")),
        (b"http://gate.example/v1/models?a=1", ("/v1/models", "a=1")),
        (b"http://gate.example", ("/", "")),
        (b"*", ("*", "")),
        (b"http://", ("/", "")),
    ],
)
def test_a_target_of_either_form_has_its_path_and_its_query(url: bytes, target: tuple[str, str]):
    assert target_of(url) == target


def test_what_is_no_request_is_told_so_and_nothing_follows():
    told = last_answer(malformed(httptools.HttpParserError("no verb")), "date: now\r\n")
    head, _, body = told.partition(b"\r\n\r\n")
    first, *fields = head.decode().split("\r\n")
    assert first == "HTTP/1.1 400 Bad Request"
    assert dict(field.split(": ") for field in fields) == {
        "date": "now",
        "content-type": "application/json",
        "content-length": str(len(body)),
        "connection": "close",
    }
    assert json.loads(body)["error"]["code"] == "bad_http"


def test_who_may_try_again_is_told_when():
    told = last_answer(RequestError("full", status=503, fix="wait", retry_after=2.4), "")
    assert b"\r\nretry-after: 3\r\n" in told


def test_a_heads_size_is_that_of_its_names_and_values():
    assert size_of({"host": "gate", "x": ""}) == 9
