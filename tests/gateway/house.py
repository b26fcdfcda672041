"""A gateway with two simulated providers on real sockets, all in one event loop, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import msgspec
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from headgate.bootstrap.clock import SystemClock
from headgate.bootstrap.gateway import app_of, upstream_of
from headgate.bootstrap.keys import admission_of
from headgate.bootstrap.otel import Sending
from headgate.gateway.app import App
from headgate.gateway.http1_server import Http1Server
from headgate.gateway.record import Told
from headgate.ledger.entry import Entry
from headgate.ledger.keys import KeyStore
from headgate.routing.artifact import Artifact, dump
from headgate.settings import read
from headgate.testing.brain import Brain, Echo
from headgate.testing.provider import DIALECTS, Provider
from headgate.testing.server import Handler, Request, Response, Server
from tests.gateway.leaping import run_leaping
from tests.routing.routers import small_artifact

ENV = {
    "ANTHROPIC_API_KEY": "sk-ant-canary",
    "GEMINI_API_KEY": "gm-canary",
    "GATE_KEY": "gate-key",
    "PEPPER": "0123456789abcdef",
}

OPENAI_MODELS = ["gemini-2.5-flash", "gpt-5-mini", "embedder", "media"]

CONFIG = """
[traffic]
[classifier]
kind = "model"
model = "google/gemini-2.5-flash"
timeout = 20
[tiers.cheap]
model = "anthropic/claude-haiku-4-5"
timeout = 30
[tiers.premium]
model = "anthropic/claude-sonnet-4-6"
timeout = 30
[providers.anthropic]
dialect = "anthropic"
base_url = "{anthropic}"
api_key_env = "ANTHROPIC_API_KEY"
[providers.google]
dialect = "openai"
base_url = "{openai}/v1"
api_key_env = "GEMINI_API_KEY"
[providers.responses]
dialect = "openai-responses"
base_url = "{responses}/v1"
api_key_env = "GEMINI_API_KEY"
[resilience]
connect_timeout = 10
request_timeout = 60
idle_timeout = 20
backoff_base = 0.01
backoff_max = 0.05
"""

RULES = CONFIG.replace(
    'kind = "model"\nmodel = "google/gemini-2.5-flash"\ntimeout = 20\n',
    'kind = "rules"\n[[classifier.rules]]\nname = "hard"\ntier = "premium"\n'
    'matches = "(?i)prove"\n',
)
"""Without a classifier call: `prove` in the question escalates."""

LEARNED = CONFIG.replace(
    'kind = "model"\nmodel = "google/gemini-2.5-flash"\ntimeout = 20\n',
    'kind = "learned"\nrouter = "router.headgate"\n',
)
"""The small router of the tests decides: `prove` scores above its threshold, `hello` below."""


ECHO = Echo()


class Kept:
    """A recorder that keeps entries; the memory of a test."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def record(self, entry: Entry) -> None:
        self.entries.append(entry)

    def stored(self, answer_id: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.answer_id == answer_id]


class House:
    """What a test has its hands on."""

    def __init__(
        self,
        app: App,
        server: Http1Server,
        port: int,
        kept: Kept,
        providers: Mapping[str, Provider],
        seen: list[Request],
        bases: Mapping[str, str],
    ) -> None:
        self.seen = seen
        """The requests that reached the providers."""
        self.bases = bases
        """Where the providers listen."""
        self.app = app
        self.server = server
        self.port = port
        self.kept = kept
        self.providers = providers
        self.url = f"http://127.0.0.1:{port}"
        self.client = AsyncOpenAI(base_url=f"{self.url}/v1", api_key="gate-key", max_retries=0)
        self.claude = AsyncAnthropic(base_url=self.url, api_key="gate-key", max_retries=0)

    @property
    def entries(self) -> list[Entry]:
        return self.kept.entries

    async def ask(self, content: str, model: str = "auto", **more):
        """One chat completion, with its response headers."""
        raw = await self.client.chat.completions.with_raw_response.create(
            model=model, messages=[{"role": "user", "content": content}], **more
        )
        return raw.parse(), raw.headers

    async def raw(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        """Bytes in, status, headers and body out; the request must ask to close."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        answer = await asyncio.wait_for(reader.read(), 60)
        writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        return int(first.split()[1]), headers, body

    async def post(self, body: bytes, path: str = "/v1/chat/completions", *headers: str):
        """A POST of any bytes."""
        head = [f"POST {path} HTTP/1.1", "host: h", f"content-length: {len(body)}", *headers]
        head += ["connection: close", "", ""]
        return await self.raw("\r\n".join(head).encode() + body)

    def tally(self) -> dict[str, dict[str, Any]]:
        """What each simulated provider says it has billed."""
        return {
            name: msgspec.to_builtins(provider.tally.report())
            for name, provider in self.providers.items()
        }


Objector: TypeAlias = Callable[[str, Request], Awaitable[str | None]]
"""What somebody else says is wrong with a request in a dialect; None where nothing is."""
Instead: TypeAlias = Callable[[str, Request], Response | None]
"""What is answered to a request in a dialect in the simulated provider's place; None: nothing."""


def _noting(
    provider: Handler,
    dialect: str,
    seen: list[Request],
    objector: Objector | None,
    instead: Instead | None,
):
    async def noting(request: Request) -> Response:
        seen.append(request)
        answer = None if instead is None else instead(dialect, request)
        if answer is not None:
            return answer
        objection = await objector(dialect, request) if objector and request.body else None
        if objection is not None:
            body = msgspec.json.encode({"error": {"message": objection, "type": "off_spec"}})
            return Response(400, {"content-type": "application/json"}, body)
        return await provider(request)

    return noting


async def until(holds: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for something that another task brings about; fail where it does not come."""
    for _ in range(round(seconds / 0.01)):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come about")


@asynccontextmanager
async def house(
    config: str = CONFIG,
    *,
    sets: tuple[str, ...] = (),
    objector: Objector | None = None,
    instead: Instead | None = None,
    brain: Brain = ECHO,
    store: KeyStore | None = None,
    artifact: Artifact | None = None,
    telemetry: Sending | None = None,
    platform: Callable[[Provider], Handler] | None = None,
) -> AsyncIterator[House]:
    """Everything up and listening; torn down to the last socket at the end.

    `objector` judges each request before the simulated provider does: off-spec ones get 400.
    `instead` answers some of them in its place.
    `brain` answers in all of them.
    `store` is where virtual keys rest, `artifact` is the learned router.
    `telemetry` is told of all requests and calls.
    `platform` is what the Anthropic one is served on.
    """
    providers = {
        "openai": Provider(
            DIALECTS["openai"](),
            models=OPENAI_MODELS,
            brain=brain,
        ),
        "responses": Provider(
            DIALECTS["openai-responses"](), models=["gpt-5", "gpt-5-mini"], brain=brain
        ),
        "anthropic": Provider(
            DIALECTS["anthropic"](), models=["claude-haiku-4-5", "claude-sonnet-4-6"], brain=brain
        ),
    }
    seen: list[Request] = []
    spoken = {"openai": "openai", "responses": "openai-responses", "anthropic": "anthropic"}
    handlers: dict[str, Handler] = {**providers}
    if platform is not None:
        handlers["anthropic"] = platform(providers["anthropic"])
    servers = {
        name: Server(_noting(provider, spoken[name], seen, objector, instead))
        for name, provider in handlers.items()
    }
    bases = {
        name: f"http://127.0.0.1:{await server.start('127.0.0.1', 0)}"
        for name, server in servers.items()
    }
    with TemporaryDirectory() as folder:
        file = Path(folder) / "headgate.toml"
        file.write_text(config.format(**bases))
        (Path(folder) / "router.headgate").write_bytes(dump(artifact or small_artifact()))
        settings = read(file, env=ENV, sets=sets)
        kept = Kept()
        upstream = upstream_of(settings)
        clock = SystemClock()
        admission = admission_of(settings, ENV, clock, store=store)
        others = [admission.take] if telemetry is None else [admission.take, telemetry.take]
        app = app_of(
            settings,
            ENV,
            upstream=upstream if telemetry is None else telemetry.introduce(upstream),
            recorder=Told(kept, *others),
            clock=clock,
            admission=admission,
        )
        app.stored = kept.stored
        app.follow = None if telemetry is None else telemetry.follow
    gateway = Http1Server(app)
    _, port = await gateway.listen("127.0.0.1", 0)
    made = House(app, gateway, port, kept, providers, seen, bases)
    try:
        async with admission:
            yield made
    finally:
        await made.client.close()
        await made.claude.close()
        await gateway.close()
        await upstream.close()
        for server in servers.values():
            await server.stop()


EASY, HARD = "[[say:1@gemini-2.5-flash]]", "[[say:2@gemini-2.5-flash]]"
"""Words after which the classifier finds a request easy, or hard."""


def run(
    case: Callable[[House], Coroutine[Any, Any, None]], config: str = CONFIG, **more: Any
) -> None:
    """Run one case in a fresh house."""

    async def main() -> None:
        async with house(config, **more) as made:
            await case(made)

    run_leaping(main())


def shape(entry: Entry) -> tuple[str, str, str, int | None, str | None, bool]:
    """What most tests look at of a row."""
    return (
        entry.purpose,
        entry.tier,
        entry.cause,
        entry.status,
        entry.error,
        entry.served,
    )
