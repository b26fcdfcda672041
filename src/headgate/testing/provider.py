"""A simulated provider: a process of its own on a real socket that answers as a provider would.

    python -m headgate.testing.provider --dialect anthropic --model claude-haiku-4-5

prints one line of JSON with its address once it listens. Everything it does follows from the
requests and the seed, in whatever order they come: equal runs give equal bills.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import cast

import click
import msgspec

from headgate.testing import embeddings, passed
from headgate.testing.anthropic_messages import AnthropicMessages
from headgate.testing.brain import Brain, Prompt, Turn, tokens
from headgate.testing.dialect import Dialect, Finish, Refused, Reply
from headgate.testing.faults import FAULTS, Fault, FaultPlan, Faults, Pace
from headgate.testing.meter import PromptCache, Tally, cut, spent
from headgate.testing.openai_chat import OpenAIChat
from headgate.testing.openai_responses import OpenAIResponses
from headgate.testing.server import Left, Request, Reset, Response, Server
from headgate.values import Usage

__all__ = ["DIALECTS", "Provider", "Ready", "main"]

DIALECTS: Mapping[str, type[OpenAIChat | AnthropicMessages]] = {
    "openai": OpenAIChat,
    "openai-responses": OpenAIResponses,
    "anthropic": AnthropicMessages,
}

PASSED = frozenset({embeddings.PATH, *passed.PATHS})
"""What a gateway passes through."""
FLUSH_SECONDS = 0.02
"""A reset throws away what the peer has not received yet: this lets it receive what was sent."""


class Ready(msgspec.Struct, frozen=True):
    """The line on standard output, as JSON, once the provider listens."""

    address: str
    """`http://HOST:PORT`, without a path."""
    dialect: str
    pid: int


class Provider:
    """Serves one dialect: admits, reads, fails when it should, answers, and keeps its books.

    Args:
        dialect: the API spoken.
        models: the models it has; any other is refused with 404.
        brain: what it answers.
        faults: which calls fail.
        pace: how long answers take.
        key: the only key let in; None lets in any, but never none.
    """

    def __init__(
        self,
        dialect: Dialect,
        *,
        models: Iterable[str],
        brain: Brain,
        faults: FaultPlan | None = None,
        pace: Pace | None = None,
        key: str | None = None,
    ) -> None:
        self._dialect = dialect
        self._models = tuple(models)
        self._brain = brain
        self._plan = faults or FaultPlan()
        self._pace = pace or Pace()
        self._key = key
        self._calls = 0
        self._forget()

    def _forget(self) -> None:
        self.tally = Tally()
        self._cache = PromptCache()
        self._faults = Faults(self._plan)

    async def __call__(self, request: Request) -> Response:
        """Answer one HTTP request."""
        self._calls += 1
        request_id = f"req_{self._calls:012d}"
        match request.method, request.path:
            case "GET", "/_tally":
                return _json(200, msgspec.json.encode(self.tally.report()))
            case "GET", "/_calls":
                return _json(200, msgspec.json.encode(self.tally.calls()))
            case "POST", "/_reset":
                self._forget()
                return _json(200, b"{}")
        try:
            return await self._serve(request, request_id)
        except Refused as refused:
            if refused.retry_after is None and refused.status < 500:
                self.tally.reject(refused.status)
            body = self._dialect.refusal(refused, request_id)
            headers = {} if refused.retry_after is None else {"retry-after": refused.retry_after}
            return _json(refused.status, body, request_id, headers)

    async def _serve(self, request: Request, request_id: str) -> Response:
        self._dialect.admit(request.headers, self._key)
        if (request.method, request.path) == ("GET", "/v1/models"):
            return _json(200, self._dialect.models(self._models), request_id)
        aside = self._aside(request)
        if aside is not None:
            return _json(200, aside, request_id)
        if request.path in PASSED and not isinstance(self._dialect, AnthropicMessages):
            return await self._passed(request, request_id)
        if request.path != self._dialect.path:
            raise Refused(404, "not_found_error", f"There is nothing at {request.path}.")
        if request.method != "POST":
            raise Refused(405, "invalid_request_error", f"{request.path} takes POST only.")
        prompt = self._dialect.read(request.body)
        self._known(prompt.model)
        fault = await self._failing(prompt, request)
        reply = self._reply(prompt, empty=fault == "empty")
        if prompt.stream:
            return _stream(self._pieces(reply, fault, request), request_id)
        return await self._whole(reply, fault, request, request_id)

    def _aside(self, request: Request) -> bytes | None:
        """The answer of a call that no model's brain is needed for; None for any other call."""
        if request.method != "POST" or not isinstance(self._dialect, AnthropicMessages):
            return None
        if request.path != self._dialect.count_path:
            return None
        prompt = self._dialect.count(request.body)
        self._known(prompt.model)
        return self._dialect.counted(prompt)

    async def _passed(self, request: Request, request_id: str) -> Response:
        """The answer to what a gateway passes through: no text of a model's."""
        if request.method != "POST":
            raise Refused(405, "invalid_request_error", f"{request.path} takes POST only.")
        embeds = request.path == embeddings.PATH
        asked = embeddings.read(request.body) if embeds else passed.read(request)
        self._known(asked.model)
        said = Prompt(
            model=asked.model,
            system="",
            turns=(Turn("user", asked.text),),
            text=f"{request.path} {asked.text}",
        )
        fault = await self._failing(said, request)
        media_type, body = asked.answer()
        if fault == "empty":
            body = b"{}" if media_type == passed.JSON else b""
        if isinstance(body, bytes):
            if fault == "stall":
                await _wait(self._plan.stall_seconds, request)
            if fault == "reset":
                self.tally.broke(asked.model, asked.usage or Usage())
                return Response(200, {"content-type": media_type}, _half(body))
        if asked.usage is not None:
            self.tally.bill(asked.model, asked.usage)
        headers = {"content-type": media_type, "x-request-id": request_id}
        sent = body if isinstance(body, bytes) else self._paced(body, fault, request)
        return Response(200, headers, sent)

    async def _paced(
        self, pieces: Sequence[bytes], fault: Fault | None, request: Request
    ) -> AsyncGenerator[bytes, None]:
        """Sound or events as they come. They are billed in any case, as pictures half drawn are."""
        for number, piece in enumerate(pieces):
            if fault == "reset" and number == len(pieces) // 2:
                await _wait(FLUSH_SECONDS, request)
                raise Reset
            yield piece
            await _wait(self._plan.stall_seconds if fault == "stall" else self._pace.gap, request)
            fault = None if fault == "stall" else fault

    async def _failing(self, prompt: Prompt, request: Request) -> Fault | None:
        """How a call fails that is about to be answered, once it has waited for its turn.

        Raises:
            Refused: it is refused.
        """
        fault = self._faults.next(prompt)
        if fault is not None:
            self.tally.fault(fault)
        await _wait(self._pace.wait(prompt), request)
        if fault in ("overloaded", "rate_limited", "error"):
            raise self._dialect.failure(fault, self._plan.retry_after)
        return fault

    def _known(self, model: str) -> None:
        if model not in self._models:
            raise self._dialect.unknown_model(model)

    def _reply(self, prompt: Prompt, *, empty: bool) -> Reply:
        answer, was_cut = cut(prompt, self._brain.answer(prompt))
        calling = answer.tools and not empty
        finish: Finish = "length" if was_cut else "tools" if calling else "stop"
        digest = hashlib.blake2b(f"{self._calls}\x1f{prompt.text}".encode(), digest_size=10)
        return Reply(
            id=digest.hexdigest(),
            created=int(time.time()),
            prompt=prompt,
            text=answer.text,
            tools=answer.tools,
            finish=finish,
            usage=spent(prompt, answer, self._cache),
            empty=empty,
        )

    async def _whole(
        self, reply: Reply, fault: Fault | None, request: Request, request_id: str
    ) -> Response:
        body = self._dialect.whole(reply)
        if fault == "stall":
            await _wait(self._plan.stall_seconds, request)
        if fault == "reset":
            self._break(reply, 0)
            return Response(200, {"content-type": "application/json"}, _half(body))
        self.tally.bill(reply.prompt.model, reply.usage)
        return _json(200, body, request_id)

    async def _pieces(
        self, reply: Reply, fault: Fault | None, request: Request
    ) -> AsyncGenerator[bytes, None]:
        """The stream of an answer. It is billed just before its last event goes out."""
        events = list(self._dialect.stream(reply))
        breaking = {"stall": 2, "reset": len(events) // 2}.get(fault or "", len(events))
        sent = 0
        try:
            for event in events[: min(breaking, len(events) - 1)]:
                yield event.data
                sent += event.characters
                await _wait(self._pace.gap, request)
            if fault == "reset":
                await _wait(FLUSH_SECONDS, request)
                raise Reset
            if fault == "stall":
                await _wait(self._plan.stall_seconds, request)
                for event in events[breaking:-1]:
                    yield event.data
                    sent += event.characters
        except (Left, Reset, GeneratorExit):
            self._break(reply, sent)
            raise
        self.tally.bill(reply.prompt.model, reply.usage)
        yield events[-1].data

    def _break(self, reply: Reply, characters: int) -> None:
        sent = msgspec.structs.replace(reply.usage, output=tokens("x" * characters))
        self.tally.broke(reply.prompt.model, sent)


async def _half(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body[: len(body) // 2]
    await asyncio.sleep(FLUSH_SECONDS)
    raise Reset


async def _wait(seconds: float, request: Request) -> None:
    """Sleep, but not longer than the caller stays. Raises Left."""
    deadline = time.monotonic() + seconds
    while (rest := deadline - time.monotonic()) > 0:
        await asyncio.sleep(min(rest, 0.05))
        if request.gone():
            raise Left


def _json(
    status: int,
    body: bytes,
    request_id: str = "",
    headers: Mapping[str, object] | None = None,
) -> Response:
    said = {"content-type": "application/json", "x-request-id": request_id}
    said |= {name: str(value) for name, value in (headers or {}).items()}
    return Response(status, said, body)


def _stream(body: AsyncGenerator[bytes, None], request_id: str) -> Response:
    headers = {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache",
        "x-request-id": request_id,
    }
    return Response(200, headers, body)


def _brain(name: str, options: str) -> Brain:
    module, colon, attribute = name.partition(":")
    if not colon:
        raise click.BadParameter("give it as module:Class", param_hint="--brain")
    try:
        made = getattr(importlib.import_module(module), attribute)
        return cast(Brain, made(**msgspec.json.decode(options, type=dict[str, object])))
    except (ImportError, AttributeError, TypeError, ValueError, msgspec.MsgspecError) as error:
        raise click.BadParameter(str(error), param_hint="--brain") from error


async def _run(provider: Provider, dialect: str, host: str, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    server = Server(provider)
    ready = Ready(f"http://{host}:{await server.start(host, port)}", dialect, os.getpid())
    sys.stdout.write(msgspec.json.encode(ready).decode() + "\n")
    sys.stdout.flush()
    await stop.wait()
    await server.stop()


_RATE = click.FloatRange(0, 1)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--dialect", type=click.Choice(tuple(DIALECTS)), required=True, help="API to speak.")
@click.option("--model", "models", multiple=True, required=True, help="A model it has; repeatable.")
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one.")
@click.option("--key", help="The only key let in; without this, any.")
@click.option("--brain", default="headgate.testing.brain:Echo", help="What answers: module:Class.")
@click.option("--brain-options", default="{}", help="The brain's arguments, a JSON object.")
@click.option("--overloaded", type=_RATE, default=0, help="Share answered 503/529.")
@click.option("--rate-limited", type=_RATE, default=0, help="Share answered 429.")
@click.option("--error", type=_RATE, default=0, help="Share answered 500.")
@click.option("--empty", type=_RATE, default=0, help="Share answered, and billed, with nothing.")
@click.option("--stall", type=_RATE, default=0, help="Share that falls silent.")
@click.option("--reset", type=_RATE, default=0, help="Share whose connection is reset half-way.")
@click.option("--retry-after", type=click.IntRange(0), default=1, help="Seconds it asks to wait.")
@click.option("--stall-seconds", type=click.FloatRange(0), default=3600, help="Length of a stall.")
@click.option("--first", type=click.FloatRange(0), default=0, help="Median seconds to first byte.")
@click.option("--spread", type=click.FloatRange(0), default=0, help="Log-normal sigma of --first.")
@click.option("--gap", type=click.FloatRange(0), default=0, help="Seconds between stream events.")
@click.option("--seed", type=int, default=0, help="Which calls fail, and how long each takes.")
def main(
    dialect: str,
    models: tuple[str, ...],
    host: str,
    port: int,
    key: str | None,
    brain: str,
    brain_options: str,
    **knobs: float,
) -> None:
    """Run a simulated provider until it is told to stop."""
    try:
        rates = {kind: knobs[kind] for kind in FAULTS}
        plan = FaultPlan(
            **rates,
            retry_after=int(knobs["retry_after"]),
            stall_seconds=knobs["stall_seconds"],
            seed=int(knobs["seed"]),
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    pace = Pace(
        first=knobs["first"], spread=knobs["spread"], gap=knobs["gap"], seed=int(knobs["seed"])
    )
    provider = Provider(
        DIALECTS[dialect](),
        models=models,
        brain=_brain(brain, brain_options),
        faults=plan,
        pace=pace,
        key=key,
    )
    try:
        asyncio.run(_run(provider, dialect, host, port))
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror}") from error


if __name__ == "__main__":
    main()
