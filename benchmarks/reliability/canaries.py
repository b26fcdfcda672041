"""Test 18: forty secrets go through a gateway, and nothing that it writes down or shows holds one.

Client keys, provider keys, prompts and personal data, in bodies, headers and addresses, and in the
headers of a trace; answered, streamed, refused, malformed, and with a provider that quotes the
request in its error. Looked at: the log, spans, metrics, the answers to refused requests, the
ledger's file and journal, alerts, and every page of the admin port.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from benchmarks.reliability.outcome import Outcome
from headgate.bootstrap.admin import AdminToken, admin_of
from headgate.bootstrap.book import book_of
from headgate.bootstrap.clock import SystemClock
from headgate.bootstrap.gateway import app_of, upstream_of
from headgate.bootstrap.ledger import ledger_of, reader_of, transcripts_of
from headgate.bootstrap.lookout import lookout_of
from headgate.bootstrap.metrics import metrics_of, scrape
from headgate.bootstrap.site import pages_of
from headgate.gateway.followed import Followed
from headgate.gateway.http1_server import Http1Server
from headgate.gateway.introduced import Introduced
from headgate.gateway.record import Told
from headgate.ledger.writer import Ledger
from headgate.monitor.span_attributes import Names
from headgate.monitor.telemetry import Telemetry
from headgate.routing.controls import Helm
from headgate.settings import read_with_sources
from headgate.testing.brain import Echo
from headgate.testing.provider import DIALECTS, Provider
from headgate.testing.server import Request, Response, Server

__all__ = ["CANARIES", "Canary", "Leak", "canaries", "leaks"]

TRACED = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
ADMIN = "admin-token-of-this-test-0001"
PAGES = (
    *("/", "/dashboard.json", "/dashboard.csv", "/requests", "/routers", "/prices", "/alerts"),
    *("/requests.json", "/requests.csv", "/alerts.json", "/alerts.csv"),
    *("/plan", "/plan.json", "/plan.csv", "/plan.md", "/plan.html", "/plan.toml"),
)


class Canary(NamedTuple):
    """A secret, and where it is put."""

    kind: str
    """`client key`, `provider key`, `prompt` or `personal`."""
    value: str


_PERSONAL = (
    "jane.doe.{n}@canary.example", "+49 30 9999{n:03}", "DE8937040044053201{n:04}",
    "4111-1111-1111-{n:04}", "078-05-{n:04}",
)  # fmt: skip

CANARIES = (
    *(Canary("client key", f"sk-client-canary-{n:02}-Zq7") for n in range(8)),
    *(Canary("provider key", f"sk-provider-canary-{n:02}-Xw9") for n in range(2)),
    *(Canary("prompt", f"canary-prompt-{n:02}-quetzal") for n in range(15)),
    *(Canary("personal", _PERSONAL[n % len(_PERSONAL)].format(n=n)) for n in range(15)),
)

TOML = """
[classifier]
kind = "rules"
[[classifier.rules]]
name = "hard"
tier = "premium"
matches = "prove|explain"
[tiers.cheap]
model = "sim/cheap-1"
[tiers.premium]
model = "other/premium-1"
attempts = 1
[escalation]
budget = 0.0
[alerts]
webhook_url = "{hook}"
[providers.sim]
dialect = "openai"
base_url = "{sim}/v1"
api_key_env = "SIM_KEY"
traceparent = true
[providers.other]
dialect = "anthropic"
base_url = "{other}"
api_key_env = "OTHER_KEY"
[prices."sim/cheap-1"]
input = "1.00"
output = "5.00"
[prices."other/premium-1"]
input = "3.00"
output = "15.00"
[server]
api_key_env = "GATE_KEY"
max_body_bytes = 100000
[ledger]
url = "sqlite:///{ledger}"
store_prompts = {storing}
[watch]
otel = true
"""


class Leak(NamedTuple):
    """A canary that was found where none may be."""

    canary: Canary
    where: str


def leaks(*, planted: Canary | None = None, storing: bool = False) -> list[Leak]:
    """Send all canaries through a gateway; return those that were found again.

    `planted` is logged on purpose: a search that does not find it is no search. With `storing`,
    prompts are stored; then those that callers sent as such may be in the ledger's files and on the
    page of their request, and must be there.
    """
    with TemporaryDirectory(prefix="headgate-canaries-") as folder, _logged() as log:
        seen = asyncio.run(_run(Path(folder), storing=storing))
        if planted is not None:
            logging.getLogger("headgate").warning("planted: %s", planted.value)
        seen["log"] = log.getvalue()
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file() and path.name != "headgate.toml":
                seen[f"file {path.name}"] = path.read_bytes().decode("latin-1")
    found = [
        Leak(canary, where)
        for where, text in seen.items()
        for canary in CANARIES
        if _holds(text, canary.value)
    ]
    if not storing:
        return found
    kept = [leak for leak in found if _may_be_kept(leak)]
    assert {leak.canary for leak in kept} >= {one for one in CANARIES if one.kind == "prompt"}
    assert {leak.where.partition("/")[0] for leak in kept} >= {"admin "}
    return [leak for leak in found if leak not in kept]


def _may_be_kept(leak: Leak) -> bool:
    places = ("file l.db", "admin /requests/")
    return leak.canary.kind in ("prompt", "personal") and leak.where.startswith(places)


def _holds(text: str, value: str) -> bool:
    plain = value.encode()
    spelt = (value, json.dumps(value)[1:-1], plain.hex(), value[::-1])
    return any(spelling in text for spelling in spelt)


@contextmanager
def _logged() -> Iterator[io.StringIO]:
    """Everything that is logged at any level, by anybody."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield text
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


async def _run(folder: Path, *, storing: bool) -> dict[str, str]:
    """What the gateway showed, by place."""
    provider_keys = [canary.value for canary in CANARIES if canary.kind == "provider key"]
    gate_key = CANARIES[0].value
    told: list[str] = []

    async def hook(request: Request) -> Response:
        told.append(f"{request.headers} {request.body!r}")
        return Response(204, {}, b"")

    echo = Provider(DIALECTS["openai"](), models=["cheap-1"], brain=Echo())
    servers = [Server(echo), Server(_Quoting()), Server(hook)]
    ports = [await server.start("127.0.0.1", 0) for server in servers]
    bases = [f"http://127.0.0.1:{port}" for port in ports]
    env = {"SIM_KEY": provider_keys[0], "OTHER_KEY": provider_keys[1], "GATE_KEY": gate_key}
    reading = read_with_sources(_written(folder, bases, storing=storing), env=env)
    settings, clock, helm = reading.settings, SystemClock(), Helm()
    spans, telemetry = _telemetry()
    ledger, metrics = ledger_of(settings.ledger, env, clock), metrics_of(settings)
    upstream = upstream_of(settings)
    recorder = Told(ledger, metrics.take, telemetry.take)
    app = app_of(
        settings,
        env,
        upstream=Introduced(upstream, telemetry.introduce),
        recorder=recorder,
        clock=clock,
        helm=helm,
    )
    app.transcripts = transcripts_of(settings.ledger, ledger, env.values())
    app.follow = lambda caller, route: Followed(
        caller, telemetry.begin(caller.method, route, caller.headers), telemetry.end
    )
    lookout = lookout_of(
        settings,
        book_of(settings),
        env,
        clock=clock,
        show=metrics.show_all,
        helm=helm,
        count=metrics.fold,
    )
    admin = admin_of(app, AdminToken(ADMIN, "memory"))
    admin.mount("/metrics", scrape(metrics, lambda: ledger.counts))
    shown = reader_of(ledger, settings.ledger, env)
    admin.mount("/", pages_of(reading, shown, token=ADMIN).site, access="own")
    gateway, desk = Http1Server(app), Http1Server(admin)
    _, port = await gateway.listen("127.0.0.1", 0)
    _, admin_port = await desk.listen("127.0.0.1", 0)
    seen: dict[str, str] = {}
    try:
        seen["error bodies"] = await _ask_all(port, gate_key)
        await asyncio.to_thread(ledger.flush)
        await asyncio.to_thread(lookout.tick)
        await asyncio.sleep(0.3)
        seen |= await _looked_at(admin_port, _requests(ledger))
        telemetry.fold()
        seen["spans"] = "\n".join(span.to_json() for span in spans.get_finished_spans())
        assert {span.kind for span in spans.get_finished_spans()} == {
            SpanKind.SERVER,
            SpanKind.CLIENT,
        }
        seen["alerts"] = "\n".join(told)
        assert told, "no alert was sent, so none was looked at"
    finally:
        await gateway.close()
        await desk.close()
        await upstream.close()
        for server in servers:
            await server.stop()
        await asyncio.to_thread(lookout.close)
        shown.close()
        ledger.close()
    return seen


def _written(folder: Path, bases: list[str], *, storing: bool) -> Path:
    """The settings: two providers and a webhook at these addresses."""
    file, (sim, other, hook) = folder / "headgate.toml", bases
    ledger, flag = folder / "l.db", str(storing).lower()
    file.write_text(TOML.format(sim=sim, other=other, hook=hook, ledger=ledger, storing=flag))
    return file


class _Quoting:
    """A provider that says back all it was sent in its errors, as some do."""

    def __init__(self) -> None:
        self._sound = Provider(DIALECTS["anthropic"](), models=["premium-1"], brain=Echo())

    async def __call__(self, request: Request) -> Response:
        if b"prove" not in request.body:
            return await self._sound(request)
        text = f"bad request: {request.headers.get('x-api-key')} {request.body.decode()}"
        error = {"type": "error", "error": {"type": "overloaded_error", "message": text}}
        return Response(529, {"content-type": "application/json"}, json.dumps(error).encode())


def _telemetry() -> tuple[InMemorySpanExporter, Telemetry]:
    """Spans that are kept to be looked at, instead of sent to a collector."""
    spans = InMemorySpanExporter()
    tracers = TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    meters = MeterProvider([], shutdown_on_exit=False)
    names = Names(newest=True, old_http=True)
    return spans, Telemetry(tracers, meters, SystemClock(), names)


async def _looked_at(port: int, requests: list[str]) -> dict[str, str]:
    """All that the admin port shows, the pages of these requests too."""
    seen: dict[str, str] = {}
    for path in ("/metrics", "/healthz", "/readyz", "/none", *PAGES, *requests):
        head = f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n"
        asked = f"{head}authorization: Bearer {ADMIN}\r\nconnection: close\r\n\r\n"
        seen[f"admin {path}"] = await _raw(port, asked.encode())
    assert "headgate_attempts_total{" in seen["admin /metrics"]
    assert requests
    for path in (*PAGES, *requests):
        assert seen[f"admin {path}"].startswith("HTTP/1.1 200 "), path
    return seen


def _requests(ledger: Ledger) -> list[str]:
    """The page of one request for each way in which an attempt ended."""
    one = {(entry.status, entry.error): entry.request_id for entry in ledger.store.entries()}
    return [f"/requests/{request_id}" for request_id in one.values()]


async def _ask_all(port: int, gate_key: str) -> str:
    """Every canary in every way; the answers to what was refused, which may not repeat them.

    The canary that a caller sent as a prompt may of course be in the answer to that caller.
    """
    errors: list[str] = []
    await _post(port, gate_key, _chat("explain it"))  # the budget is nothing: this is its breach
    for canary in CANARIES:
        if canary.kind == "client key":
            errors.append(await _post(port, "wrong" + canary.value, _chat("hello")))
            errors.append(
                await _post(port, canary.value, _chat("hello"), path=f"/none?key={canary.value}")
            )
        for spoilt in (f"traceparent: {canary.value}", f"{TRACED}\r\ntracestate: {canary.value}"):
            await _post(port, gate_key, _chat("hello"), spoilt)
        if canary.kind not in ("prompt", "personal"):
            continue
        said = canary.value
        for text in (said, f"prove {said}"):
            for stream in (False, True):
                answer = await _post(port, gate_key, _chat(text, stream=stream))
                if "prove" not in text and " 200 " not in answer.split("\r\n", 1)[0]:
                    errors.append(answer)
        system = {"model": "auto", "messages": [{"role": "system", "content": said}]}
        errors.append(await _post(port, gate_key, {**system, "temperature": [said]}))
        errors.append(await _post(port, gate_key, _chat("x") | {"response_format": said}))
        broken = json.dumps(_chat(said)).encode()[:-2]
        errors.append(await _post(port, gate_key, broken))
        await _post(port, gate_key, _chat(f"{said} " * 4000))
    return "\n".join(errors)


def _chat(text: str, **more: object) -> dict[str, object]:
    return {"model": "auto", "messages": [{"role": "user", "content": text}], **more}


async def _post(
    port: int,
    key: str,
    body: dict[str, object] | bytes,
    *headers: str,
    path: str = "/v1/chat/completions",
) -> str:
    content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(content)}\r\n"
        "connection: close\r\n"
    )
    more = "".join(f"{line}\r\n" for line in headers)
    return await _raw(port, f"{head}{more}\r\n".encode() + content)


async def _raw(port: int, request: bytes) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with suppress(ConnectionError):
        writer.write(request)
        answer = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        return answer.decode("utf-8", "replace")
    return ""


def canaries() -> Outcome:
    """The line of the table."""
    found = [*leaks(), *leaks(storing=True)]
    shown = "; ".join(f"{leak.canary.kind} {leak.canary.value!r} in {leak.where}" for leak in found)
    return Outcome(
        f"{len(CANARIES)} secrets through a gateway",
        not found,
        f"{len(found)} found in logs, spans, metrics, errors, ledger, alerts, pages"
        + (f": {shown}" if found else ""),
    )
