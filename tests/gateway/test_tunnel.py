"""tunnel: CONNECT against a proxy on a real socket, on both event loops; the answers as values."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from headgate.errors import UpstreamError
from headgate.gateway.http1_client import Http1Upstream
from headgate.gateway.tunnel import MAX_HEAD_BYTES, Answer, BadAnswer, answer_in, refusal
from headgate.gateway.upstream import Endpoint, Origin, Tunnel, endpoint
from headgate.values import Proxy
from tests.gateway.scripted import CHUNKED, OK, serving, simply
from tests.proxies import ESTABLISHED, forwarding

Run = Callable[[Callable[[], Coroutine[Any, Any, None]]], None]
BASIC = "Basic dXNlcjpwYXNzd29yZA=="
NOWHERE = "http://127.0.0.1:9"
WAY = Tunnel(Origin("api.example", 443, tls=True), Proxy("proxy.corp", 3128))


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a case on one of the two event loops."""

    def runs(case: Callable[[], Coroutine[Any, Any, None]]) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(asyncio.wait_for(case(), 60))

    return runs


def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def by(proxy: Proxy, base: str = NOWHERE) -> Endpoint:
    return endpoint(base + "/v1/x", [("authorization", "Bearer sk-test")], proxy=proxy)


async def failure(client: Http1Upstream, end: Endpoint) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        await client.send(end, b"{}")
    assert caught.value.kind == "connect"
    await client.close()
    return caught.value


async def cancelled(end: Endpoint, when: asyncio.Event) -> None:
    client = Http1Upstream()
    call = asyncio.create_task(client.send(end, b"{}"))
    await asyncio.wait_for(when.wait(), 60)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert not any(pool._open for pool in client._pools.values())


# ---- what a proxy says


@pytest.mark.parametrize(
    ("received", "answer"),
    [
        (b"", None),
        (b"HT", None),
        (b"HTTP/1.1 200", None),
        (b"HTTP/1.1 200 OK\r\nvia: x\r\n", None),
        (ESTABLISHED, Answer(200)),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\n", Answer(200)),
        (b"HTTP/1.1 204\r\n\r\n", Answer(204)),
        (b"HTTP/1.1 100 Continue\r\n\r\n", None),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + ESTABLISHED, Answer(200)),
        (b"HTTP/1.1 403 No\r\ncontent-length: 4\r\n\r\nbody", Answer(403)),
        (b"HTTP/1.1 302 Found\r\nlocation: x\r\n\r\n", Answer(302)),
        (
            b"HTTP/1.1 407 x\r\nProxy-Authenticate: NTLM\r\nproxy-authenticate:Basic a\r\n\r\n",
            Answer(407, ("NTLM", "Basic")),
        ),
        (
            b'HTTP/1.1 407 x\r\nproxy-authenticate: Negotiate, Basic realm="x", a="b"\r\n\r\n',
            Answer(407, ("Negotiate", "Basic")),
        ),
        (b"SSH-2.0-OpenSSH_9.6\r\n", BadAnswer("does not speak HTTP/1.1")),
        (b"\x15\x03\x01\x00\x02", BadAnswer("does not speak HTTP/1.1")),
        (b"HTTP/2 200\r\n\r\n", BadAnswer("does not speak HTTP/1.1")),
        (b"HTTP/1.1 2000 x\r\n\r\n", BadAnswer("does not speak HTTP/1.1")),
        (b"HTTP/1.1 099 x\r\n\r\n", BadAnswer("does not speak HTTP/1.1")),
        (ESTABLISHED + b"x", BadAnswer("sent bytes of its own into the tunnel")),
        (b"HTTP/1.1 200 x\r\n" + b"a" * MAX_HEAD_BYTES, BadAnswer("sent too long a head")),
    ],
)
def test_what_a_proxy_has_sent_is_an_answer_none_yet_or_none_at_all(received, answer):
    assert answer_in(received) == answer


def test_an_answer_that_comes_a_byte_at_a_time_is_the_same():
    whole = b"HTTP/1.1 100 Continue\r\n\r\n" + ESTABLISHED
    found = [answer_in(whole[:length]) for length in range(len(whole) + 1)]
    assert found == [None] * len(whole) + [Answer(200)]


@pytest.mark.parametrize(
    ("answer", "authorization", "says"),
    [
        (Answer(407), None, "asks for a user and a password.*proxy_auth_env"),
        (Answer(407, ("Basic",)), BASIC, "does not take the user and password.*Correct"),
        (Answer(407, ("Negotiate", "NTLM")), BASIC, "with Negotiate, NTLM only .407"),
        (Answer(407, ("NTLM", "BASIC")), None, "asks for a user"),
        (Answer(401), BASIC, "does not take the user and password.*401"),
        (Answer(403), None, r"proxy.corp:3128 does not allow connections to api.example:443 .403"),
        (Answer(503), None, r"proxy.corp:3128 has no connection to api.example:443.* 503"),
        (Answer(302), None, "answered 302"),
        (BadAnswer("went mad"), None, "proxy.corp:3128 went mad"),
    ],
)
def test_a_refusal_says_whose_fault_it_is_and_never_shows_credentials(answer, authorization, says):
    way = WAY._replace(proxy=WAY.proxy._replace(authorization=authorization))
    refused = refusal(answer, way)
    assert refused is not None
    assert refused.kind == "connect"
    with pytest.raises(UpstreamError, match=says):
        raise refused
    assert BASIC not in str(refused)
    assert BASIC not in repr(way)


@pytest.mark.parametrize("status", [200, 204, 299])
def test_any_two_hundred_opens_the_tunnel(status):
    assert refusal(Answer(status), WAY) is None


# ---- on sockets


def test_a_call_goes_through_the_proxy_and_its_connection_is_used_again(run):
    async def case():
        async with serving(simply(OK)) as (server, base), forwarding(ESTABLISHED) as proxy:
            client = Http1Upstream()
            for _ in range(3):
                reply = await client.send(by(proxy.proxy(), base), b"{}")
                assert (reply.status, await reply.read()) == (200, b"ok")
            await client.close()
            host = base.removeprefix("http://")
            assert proxy.asked == [
                f"CONNECT {host} HTTP/1.1\r\nhost: {host}\r\nuser-agent: headgate\r\n\r\n".encode()
            ]
            assert server.connections == 1
            assert [request.split()[1] for request in server.requests] == [b"/v1/x"] * 3

    run(case)


def test_tls_is_the_providers_own_and_the_proxy_sees_neither_key_nor_request(run, certificate):
    async def case():
        tls = server_side(certificate)
        async with serving(simply(OK), tls) as (server, base), forwarding(ESTABLISHED) as proxy:
            client = Http1Upstream(tls=ssl.create_default_context(cafile=str(certificate)))
            for _ in range(3):
                assert await (await client.send(by(proxy.proxy(), base), b"{}")).read() == b"ok"
            await client.close()
            assert (len(proxy.asked), server.connections) == (1, 1)
            assert b"sk-test" in server.requests[0]
            assert b"sk-test" not in proxy.sent + b"".join(proxy.asked)
            assert len(proxy.sent) > 500

    run(case)


def test_a_certificate_that_is_not_the_providers_is_refused_behind_a_proxy_too(run, certificate):
    async def case():
        tls = server_side(certificate)
        async with serving(simply(OK), tls) as (server, base), forwarding(ESTABLISHED) as proxy:
            error = await failure(Http1Upstream(), by(proxy.proxy(), base))
            assert "certificate" in str(error).lower()
            assert f"through the proxy 127.0.0.1:{proxy.port}" in str(error)
            await asyncio.wait_for(proxy.closed.wait(), 60)
            other_name = base.replace("127.0.0.1", "localhost")
            trusting = Http1Upstream(tls=ssl.create_default_context(cafile=str(certificate)))
            await failure(trusting, by(proxy.proxy(), other_name))
            assert server.requests == []

    run(case)


def test_credentials_are_sent_to_the_proxy_and_never_to_the_provider(run, certificate):
    async def case():
        for tls in (None, server_side(certificate)):
            async with serving(simply(OK), tls) as (server, base), forwarding(ESTABLISHED) as proxy:
                client = Http1Upstream(tls=ssl.create_default_context(cafile=str(certificate)))
                reply = await client.send(by(proxy.proxy(BASIC), base), b"{}")
                assert await reply.read() == b"ok"
                await client.close()
                assert b"\r\nproxy-authorization: Basic dXNlcjpwYXNzd29yZA==\r\n" in proxy.asked[0]
                assert b"proxy-authorization" not in server.requests[0].lower()

    run(case)


def test_a_stream_comes_through_piece_by_piece(run, certificate):
    pieces = [b"data: %d\n\n" % number for number in range(5)]

    async def case():
        seen = asyncio.Event()

        async def script(scripted, reader, writer):
            await scripted.request(reader)
            writer.write(CHUNKED)
            for piece in pieces:
                writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                await seen.wait()  # the next is sent once this one has arrived
                seen.clear()
            writer.write(b"0\r\n\r\n")
            await reader.read()

        tls = server_side(certificate)
        async with serving(script, tls) as (_, base), forwarding(ESTABLISHED) as proxy:
            client = Http1Upstream(tls=ssl.create_default_context(cafile=str(certificate)))
            reply = await client.send(by(proxy.proxy(), base), b"{}")
            for piece in pieces:
                assert await reply.chunk(10) == piece
                seen.set()
            assert await reply.chunk(10) is None
            await client.close()

    run(case)


def test_a_direct_and_a_proxied_call_to_one_origin_share_no_connection(run):
    async def case():
        async with serving(simply(OK)) as (server, base), forwarding(ESTABLISHED) as proxy:
            client = Http1Upstream()
            direct = endpoint(base + "/v1/x", [])
            for end in (direct, by(proxy.proxy(), base), by(proxy.proxy(BASIC), base), direct):
                assert await (await client.send(end, b"{}")).read() == b"ok"
            await client.close()
            assert server.connections == 3  # one direct, one for each of the two credentials
            assert len(proxy.asked) == 2

    run(case)


@pytest.mark.parametrize(
    ("answers", "closes", "says"),
    [
        (
            (b"HTTP/1.1 407 x\r\nproxy-authenticate: Basic\r\n\r\n",),
            False,
            "does not take the user",
        ),
        ((b"HTTP/1.1 403 Forbidden\r\ncontent-length: 9\r\n\r\n", b"forbidden"), False, "403"),
        ((b"HTTP/1.1 502 Bad Gateway\r\n\r\n",), True, "502"),
        ((b"220 mail.example ESMTP\r\n",), False, "does not speak HTTP/1.1"),
        ((ESTABLISHED + b"HTTP/1.1 200 OK\r\n",), False, "bytes of its own"),
        ((b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 3000,), False, "too long a head"),
        ((b"HTTP/1.1 200 OK\r\nx: ",), True, "closed the connection before it answered"),
        ((), True, "closed the connection before it answered"),
    ],
)
def test_a_proxy_that_gives_no_tunnel_is_named_and_its_connection_closed(
    run, answers, closes, says
):
    async def case():
        async with forwarding(*answers, closes=closes) as proxy:
            error = await failure(Http1Upstream(), by(proxy.proxy(BASIC)))
            assert says in str(error)
            assert f"The proxy 127.0.0.1:{proxy.port}" in str(error)
            assert BASIC.removeprefix("Basic ") not in str(error)
            await asyncio.wait_for(proxy.closed.wait(), 60)

    run(case)


def test_a_silent_proxy_is_waited_for_no_longer_than_connect_timeout(run):
    async def case():
        async with forwarding() as proxy:
            error = await failure(Http1Upstream(connect_timeout=1.0), by(proxy.proxy()))
            assert "gave no connection to 127.0.0.1:9 within 1 s" in str(error)
            await asyncio.wait_for(proxy.closed.wait(), 60)

    run(case)


def test_an_origin_that_is_silent_in_tls_is_waited_for_no_longer_either(run):
    async def silent(_scripted, reader, _writer):
        await reader.read()

    async def case():
        async with serving(silent) as (server, base), forwarding(ESTABLISHED) as proxy:
            end = by(proxy.proxy(), base.replace("http:", "https:"))
            error = await failure(Http1Upstream(connect_timeout=1.0), end)
            assert "it took too long" in str(error)
            await asyncio.wait_for(server.closed.wait(), 60)

    run(case)


def test_a_tunnel_that_ends_in_the_handshake_is_a_failure_to_connect(run):
    async def shut(_scripted, reader, _writer):
        await reader.read(100)

    async def case():
        async with serving(shut) as (_, base), forwarding(ESTABLISHED) as proxy:
            end = by(proxy.proxy(), base.replace("http:", "https:"))
            assert "No secure connection" in str(await failure(Http1Upstream(), end))

    run(case)


def test_a_proxy_that_does_not_listen_or_does_not_exist_is_named(run):
    async def case():
        error = await failure(Http1Upstream(), by(Proxy("127.0.0.1", 1)))
        assert "No connection to the proxy 127.0.0.1:1" in str(error)
        proxy = Proxy("no-such-proxy.invalid", 3128)
        error = await failure(Http1Upstream(connect_timeout=1.0), by(proxy))
        assert (
            f"No connection to the proxy {proxy}" in str(error)
            or f"The proxy {proxy} did not accept a connection" in str(error)  # names are slow here
        )

    run(case)


def test_cancelling_while_the_proxy_is_asked_closes_the_socket(run):
    async def case():
        async with forwarding() as proxy:
            await cancelled(by(proxy.proxy()), proxy.connected)
            await asyncio.wait_for(proxy.closed.wait(), 60)

    run(case)


def test_cancelling_in_the_handshake_closes_the_socket(run):
    async def silent(scripted, reader, _writer):
        await reader.read(1)
        scripted.asked.set()
        await reader.read()

    async def case():
        async with serving(silent) as (server, base), forwarding(ESTABLISHED) as proxy:
            await cancelled(by(proxy.proxy(), base.replace("http:", "https:")), server.asked)
            await asyncio.wait_for(proxy.closed.wait(), 60)

    run(case)


def test_an_ipv6_origin_is_asked_for_in_brackets(run):
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")

    async def case():
        async with forwarding(b"HTTP/1.1 403 x\r\n\r\n") as proxy:
            error = await failure(Http1Upstream(), by(proxy.proxy(), "https://[::1]"))
            assert proxy.ends == ["[::1]:443"]
            assert "[::1]:443" in str(error)

    run(case)
