"""http1_client: the contract of the upstream seam, against a scripted server on a real socket."""

from __future__ import annotations

import asyncio
import os
import resource
import ssl

import pytest

from headgate.errors import ConfigError, UpstreamError
from headgate.gateway.http1_client import MAX_HEAD_BYTES, Http1Upstream
from headgate.gateway.upstream import endpoint
from tests.gateway.leaping import run_leaping
from tests.gateway.scripted import (
    CHUNKED,
    OK,
    Scripted,
    answering,
    at,
    closing,
    fetch,
    serving,
    simply,
    staying,
)


def test_the_request_is_one_well_formed_post():
    async def case():
        async with serving(simply(OK)) as (scripted, base):
            client = Http1Upstream()
            reply = await client.send(at(base, "/v1/chat?x=1"), b'{"a":1}')
            assert (reply.status, await reply.read()) == (200, b"ok")
            assert reply.header("content-length") == "2"
            assert reply.header("x-none") is None
            await client.close()
            host = base.removeprefix("http://").encode()
            assert scripted.requests == [
                b"POST /v1/chat?x=1 HTTP/1.1\r\nhost: " + host + b"\r\n"
                b'authorization: Bearer sk-test\r\ncontent-length: 7\r\n\r\n{"a":1}'
            ]

    run_leaping(case())


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (OK, b"ok"),
        (CHUNKED + b"3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\ntrailer: x\r\n\r\n", b"abcde"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK, b"ok"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"ok"),
    ],
)
def test_bodies_of_every_framing_are_read_and_their_connection_is_used_again(answer, body):
    async def case():
        async with serving(simply(answer)) as (scripted, base):
            client = Http1Upstream()
            assert [await fetch(client, base) for _ in range(3)] == [body] * 3
            assert scripted.connections == 1
            await client.close()

    run_leaping(case())


def test_a_body_that_ends_with_the_connection_is_whole_but_the_connection_is_not_used_again():
    async def case():
        async with serving(closing(b"HTTP/1.1 200 OK\r\n\r\nto the end")) as (scripted, base):
            client = Http1Upstream()
            assert [await fetch(client, base) for _ in range(2)] == [b"to the end"] * 2
            assert scripted.connections == 2
            await client.close()

    run_leaping(case())


def test_answers_may_arrive_a_byte_at_a_time():
    async def script(scripted, reader, writer):
        await scripted.request(reader)
        for byte in CHUNKED + b"5\r\nhello\r\n0\r\n\r\n":
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)

    async def case():
        async with serving(script) as (_, base):
            client = Http1Upstream()
            assert await fetch(client, base) == b"hello"
            await client.close()

    run_leaping(case())


def test_connection_close_is_obeyed():
    answer = OK.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")

    async def case():
        async with serving(simply(answer)) as (scripted, base):
            client = Http1Upstream()
            assert [await fetch(client, base) for _ in range(2)] == [b"ok"] * 2
            assert scripted.connections == 2
            await client.close()

    run_leaping(case())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort",
        CHUNKED + b"5\r\nhello\r\n",
        CHUNKED + b"ZZ\r\nhello\r\n0\r\n\r\n",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * (MAX_HEAD_BYTES + 1),
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"",
    ],
)
def test_an_answer_that_is_cut_or_malformed_is_a_reset_and_never_looks_whole(answer):
    async def case():
        async with serving(closing(answer)) as (_, base):
            client = Http1Upstream()
            with pytest.raises(UpstreamError) as caught:
                await fetch(client, base)
            assert caught.value.kind == "reset"
            await client.close()

    run_leaping(case())


def test_a_second_answer_that_nobody_asked_for_never_reaches_the_next_call():
    async def case():
        async with serving(simply(OK + OK.replace(b"ok", b"no"), OK)) as (scripted, base):
            client = Http1Upstream()
            assert await fetch(client, base) == b"ok"
            assert await fetch(client, base) == b"ok"
            assert scripted.connections == 2
            await client.close()

    run_leaping(case())


def test_bytes_on_an_idle_connection_close_it():
    stale = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nstale"

    async def case():
        async with serving(staying(OK, stale)) as (scripted, base):
            client = Http1Upstream()
            assert await fetch(client, base) == b"ok"
            await asyncio.wait_for(scripted.closed.wait(), 60)
            assert await fetch(client, base) == b"ok"
            assert scripted.connections == 2
            await client.close()

    run_leaping(case())


def test_an_idle_connection_that_the_provider_closed_is_not_used():
    async def case():
        async with serving(closing(OK)) as (scripted, base):
            client = Http1Upstream()
            for _ in range(3):
                assert await fetch(client, base) == b"ok"
                await asyncio.sleep(0.02)
            assert scripted.connections == 3
            await client.close()

    run_leaping(case())


def test_a_connection_that_has_idled_too_long_is_not_trusted():
    async def case():
        async with serving(simply(OK)) as (scripted, base):
            client = Http1Upstream(idle_seconds=0.0)
            for _ in range(2):
                assert await fetch(client, base) == b"ok"
                await asyncio.sleep(0.01)
            assert scripted.connections == 2
            await client.close()

    run_leaping(case())


def test_cancelling_before_the_head_closes_the_connection_at_once():
    async def script(scripted, reader, writer):
        await scripted.request(reader)
        await reader.read()  # returns when the client closes

    async def case():
        async with serving(script) as (scripted, base):
            client = Http1Upstream()
            call = asyncio.create_task(client.send(at(base), b"{}"))
            await asyncio.wait_for(scripted.asked.wait(), 60)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await asyncio.wait_for(scripted.closed.wait(), 60)
            await client.close()

    run_leaping(case())


def test_concurrent_calls_have_a_connection_each():
    async def script(scripted, reader, writer):
        body = (await scripted.request(reader)).rpartition(b"\r\n\r\n")[2]
        await asyncio.sleep(0.02)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()

    async def case():
        async with serving(script) as (scripted, base):
            client = Http1Upstream()

            async def call(number: int) -> bytes:
                return await (await client.send(at(base), b"%d" % number)).read()

            answers = await asyncio.gather(*(call(number) for number in range(50)))
            assert answers == [b"%d" % number for number in range(50)]
            assert scripted.connections == 50
            await client.close()

    run_leaping(case())


def test_a_connection_freed_by_one_call_serves_the_next_while_the_first_is_still_waking_up():
    async def case():
        async with serving(simply(OK)) as (scripted, base):
            client = Http1Upstream()

            async def caller() -> list[bytes]:
                return [await fetch(client, base) for _ in range(50)]

            answers = await asyncio.wait_for(asyncio.gather(*(caller() for _ in range(16))), 60)
            assert answers == [[b"ok"] * 50] * 16
            assert scripted.connections <= 16
            await client.close()

    run_leaping(case())


def test_no_listener_and_no_such_host_are_connect_failures_that_name_the_host():
    async def case():
        client = Http1Upstream(connect_timeout=2)
        for base in ("http://127.0.0.1:1", "http://no-such-host.invalid"):
            with pytest.raises(UpstreamError, match=base.split("/")[2].split(":")[0]) as caught:
                await client.send(at(base), b"{}")
            assert caught.value.kind == "connect"
        await client.close()

    asyncio.run(case())


def test_too_many_open_files_are_no_failure_of_the_provider():
    async def case():
        client = Http1Upstream(connect_timeout=2)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        free = os.dup(0)
        os.close(free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
        try:
            with pytest.raises(UpstreamError, match="files open") as caught:
                await client.send(at("http://127.0.0.1:1"), b"{}")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert caught.value.kind == "overloaded"
        await client.close()

    run_leaping(case())


def test_tls_is_verified_and_an_unknown_authority_is_refused(certificate):
    async def case():
        server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server_side.load_cert_chain(certificate)
        async with serving(simply(OK), server_side) as (scripted, base):
            trusting = Http1Upstream(tls=ssl.create_default_context(cafile=str(certificate)))
            assert [await fetch(trusting, base) for _ in range(2)] == [b"ok"] * 2
            assert scripted.connections == 1
            await trusting.close()
            strict = Http1Upstream()
            with pytest.raises(UpstreamError, match=r"(?i)certificate") as caught:
                await fetch(strict, base)
            assert caught.value.kind == "connect"
            other_name = base.replace("127.0.0.1", "localhost")
            with pytest.raises(UpstreamError, match=r"(?i)certificate"):  # its name counts, too
                await fetch(Http1Upstream(tls=trusting._tls), other_name)
            await strict.close()

    asyncio.run(case())


def test_a_provider_that_prefers_http_2_is_spoken_to_in_http_1_1(certificate):
    async def case():
        chosen: list[str | None] = []

        async def answer(scripted: Scripted, reader, writer):
            chosen.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
            await answering(scripted, reader, writer, OK)

        server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server_side.load_cert_chain(certificate)
        server_side.set_alpn_protocols(["h2", "http/1.1"])
        async with serving(answer, server_side) as (_, base):
            client = Http1Upstream(tls=ssl.create_default_context(cafile=str(certificate)))
            assert await fetch(client, base) == b"ok"
            await client.close()
        assert chosen == ["http/1.1"]

    run_leaping(case())


@pytest.mark.parametrize("value", ["sk-test\n", "sk\r\nhost: evil", "sk-tést", "sk\0"])
def test_a_key_that_would_break_the_head_is_refused_without_being_shown(value):
    with pytest.raises(ConfigError) as caught:
        endpoint("https://api.example.com/v1", [("authorization", value)])
    assert "sk" not in str(caught.value)
    assert "authorization" in str(caught.value)


def test_an_endpoint_does_not_show_its_key():
    assert "sk-test" not in repr(at("http://h"))
