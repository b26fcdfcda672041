"""The official SDKs' ways to ask, each written once and run by the synchronous and the asynchronous
client: whole, streamed, by the streaming helpers, parsed into types, and through a tool loop."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, TypeAlias

import anthropic
import openai
from anthropic import beta_async_tool, beta_tool
from pydantic import BaseModel

__all__ = ["PARSED", "SDKS", "TEXTS", "TOOLS", "City", "Said", "Way", "asked", "ways"]


class City(BaseModel):
    """What is to be parsed, and the arguments of the tools."""

    name: str


class Said(NamedTuple):
    """What an SDK handed to its user."""

    text: str
    input_tokens: int | None
    output_tokens: int | None
    finish: str | None
    parsed: Any = None
    calls: tuple[tuple[str, Any], ...] = ()
    """Tools called on the way, with their arguments."""


Way: TypeAlias = Callable[[Any, str, str], Awaitable[Said]]
"""A client, a model and a question; what came of it."""

LIMIT = 400


async def _got(value: Any) -> Any:
    """The result of a call, of either client."""
    return await value if inspect.isawaitable(value) else value


async def _each(items: Any) -> AsyncIterator[Any]:
    if hasattr(items, "__aiter__"):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item


@asynccontextmanager
async def _open(manager: Any) -> AsyncIterator[Any]:
    if hasattr(manager, "__aenter__"):
        async with manager as opened:
            yield opened
    else:
        with manager as opened:
            yield opened


# ---- OpenAI chat completions


def _turn(question: str) -> list[Any]:
    return [{"role": "user", "content": question}]


def _chat(completion: Any) -> Said:
    (choice,) = completion.choices
    usage = completion.usage
    return Said(
        choice.message.content or "",
        usage and usage.prompt_tokens,
        usage and usage.completion_tokens,
        choice.finish_reason,
        getattr(choice.message, "parsed", None),
        tuple(
            (call.function.name, json.loads(call.function.arguments))
            for call in choice.message.tool_calls or ()
        ),
    )


async def chat_create(client: Any, model: str, question: str) -> Said:
    return _chat(await _got(client.chat.completions.create(model=model, messages=_turn(question))))


async def chat_chunks(client: Any, model: str, question: str) -> Said:
    chunks = await _got(
        client.chat.completions.create(
            model=model,
            messages=_turn(question),
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    text, finish, usage = "", None, None
    async for chunk in _each(chunks):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            finish = choice.finish_reason or finish
    assert usage is not None
    return Said(text, usage.prompt_tokens, usage.completion_tokens, finish)


async def chat_stream(client: Any, model: str, question: str) -> Said:
    manager = client.chat.completions.stream(
        model=model, messages=_turn(question), stream_options={"include_usage": True}
    )
    text = ""
    async with _open(manager) as stream:
        async for event in _each(stream):
            if event.type == "content.delta":
                text += event.delta
        said = _chat(await _got(stream.get_final_completion()))
    assert said.text == text
    return said


async def chat_parse(client: Any, model: str, question: str) -> Said:
    return _chat(
        await _got(
            client.chat.completions.parse(
                model=model, messages=_turn(question), response_format=City
            )
        )
    )


async def chat_stream_parse(client: Any, model: str, question: str) -> Said:
    manager = client.chat.completions.stream(
        model=model, messages=_turn(question), response_format=City
    )
    async with _open(manager) as stream:
        return _chat(await _got(stream.get_final_completion()))


def _chat_tools() -> list[Any]:
    return [openai.pydantic_function_tool(City, name=name) for name in ("weather", "news")]


async def _chat_loop(client: Any, model: str, question: str, *, streamed: bool) -> Said:
    history = _turn(question)
    calls: list[tuple[str, Any]] = []
    ways = client.chat.completions
    for _ in range(4):
        asked: Any = {"model": model, "messages": history, "tools": _chat_tools()}
        if streamed:
            async with _open(ways.stream(**asked)) as stream:
                completion = await _got(stream.get_final_completion())
        else:
            completion = await _got(ways.parse(**asked))
        said = _chat(completion)
        calls += said.calls
        if not said.calls:
            return said._replace(calls=tuple(calls))
        message = completion.choices[0].message
        # what `parse` and the stream add for their user are no fields of the API
        sent = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.function.name, "arguments": call.function.arguments},
            }
            for call in message.tool_calls
        ]
        history = [*history, {"role": "assistant", "tool_calls": sent}]
        for call in message.tool_calls:
            assert isinstance(call.function.parsed_arguments, City)
            content = f"{call.function.name}!"
            history.append({"role": "tool", "tool_call_id": call.id, "content": content})
    raise AssertionError("the loop does not end")


async def chat_tools(client: Any, model: str, question: str) -> Said:
    return await _chat_loop(client, model, question, streamed=False)


async def chat_stream_tools(client: Any, model: str, question: str) -> Said:
    return await _chat_loop(client, model, question, streamed=True)


# ---- OpenAI Responses


def _response(response: Any) -> Said:
    usage = response.usage
    return Said(
        response.output_text,
        usage and usage.input_tokens,
        usage and usage.output_tokens,
        response.status,
        getattr(response, "output_parsed", None),
        tuple(
            (item.name, json.loads(item.arguments))
            for item in response.output
            if item.type == "function_call"
        ),
    )


async def responses_create(client: Any, model: str, question: str) -> Said:
    return _response(await _got(client.responses.create(model=model, input=question)))


async def responses_events(client: Any, model: str, question: str) -> Said:
    events = await _got(client.responses.create(model=model, input=question, stream=True))
    text, last = "", None
    async for event in _each(events):
        if event.type == "response.output_text.delta":
            text += event.delta
        last = event
    assert last is not None
    said = _response(last.response)
    assert said.text == text
    return said


async def responses_stream(client: Any, model: str, question: str) -> Said:
    async with _open(client.responses.stream(model=model, input=question)) as stream:
        async for _ in _each(stream):
            pass
        return _response(await _got(stream.get_final_response()))


async def responses_parse(client: Any, model: str, question: str) -> Said:
    return _response(
        await _got(client.responses.parse(model=model, input=question, text_format=City))
    )


async def responses_stream_parse(client: Any, model: str, question: str) -> Said:
    manager = client.responses.stream(model=model, input=question, text_format=City)
    async with _open(manager) as stream:
        return _response(await _got(stream.get_final_response()))


async def _responses_loop(client: Any, model: str, question: str, *, streamed: bool) -> Said:
    history = _turn(question)
    calls: list[tuple[str, Any]] = []
    tools = [openai.pydantic_function_tool(City, name=name) for name in ("weather", "news")]
    flat = [{"type": "function", **tool["function"]} for tool in tools]
    for _ in range(4):
        asked: Any = {"model": model, "input": history, "tools": flat, "store": False}
        if streamed:
            async with _open(client.responses.stream(**asked)) as stream:
                response = await _got(stream.get_final_response())
        else:
            response = await _got(client.responses.parse(**asked))
        said = _response(response)
        calls += said.calls
        if not said.calls:
            return said._replace(calls=tuple(calls))
        for item in response.output:
            added = {"parsed_arguments", "content"} if item.type == "function_call" else set()
            history.append(item.model_dump(exclude_none=True, exclude=added))
        for item in response.output:
            if item.type == "function_call":
                done = {"type": "function_call_output", "call_id": item.call_id}
                history.append({**done, "output": f"{item.name}!"})
    raise AssertionError("the loop does not end")


async def responses_tools(client: Any, model: str, question: str) -> Said:
    return await _responses_loop(client, model, question, streamed=False)


async def responses_stream_tools(client: Any, model: str, question: str) -> Said:
    return await _responses_loop(client, model, question, streamed=True)


# ---- Anthropic Messages


def _message(message: Any) -> Said:
    return Said(
        "".join(block.text for block in message.content if block.type == "text"),
        message.usage.input_tokens,
        message.usage.output_tokens,
        message.stop_reason,
        getattr(message, "parsed_output", None),
        tuple((block.name, block.input) for block in message.content if block.type == "tool_use"),
    )


def _asked(model: str, question: str) -> Any:
    return {"model": model, "max_tokens": LIMIT, "messages": _turn(question)}


async def messages_create(client: Any, model: str, question: str) -> Said:
    return _message(await _got(client.messages.create(**_asked(model, question))))


async def messages_events(client: Any, model: str, question: str) -> Said:
    events = await _got(client.messages.create(**_asked(model, question), stream=True))
    text, start, delta = "", None, None
    async for event in _each(events):
        if event.type == "message_start":
            start = event.message.usage
        elif event.type == "content_block_delta" and event.delta.type == "text_delta":
            text += event.delta.text
        elif event.type == "message_delta":
            delta = event
    assert start is not None
    assert delta is not None
    tokens = delta.usage.input_tokens
    tokens = start.input_tokens if tokens is None else tokens
    return Said(text, tokens, delta.usage.output_tokens, delta.delta.stop_reason)


async def messages_stream(client: Any, model: str, question: str) -> Said:
    text = ""
    async with _open(client.messages.stream(**_asked(model, question))) as stream:
        async for piece in _each(stream.text_stream):
            text += piece
        said = _message(await _got(stream.get_final_message()))
    assert said.text == text
    return said


async def beta_messages_create(client: Any, model: str, question: str) -> Said:
    asked = _asked(model, question)
    return _message(await _got(client.beta.messages.create(**asked, betas=["some-beta"])))


async def beta_messages_stream(client: Any, model: str, question: str) -> Said:
    async with _open(client.beta.messages.stream(**_asked(model, question))) as stream:
        async for _ in _each(stream):
            pass
        return _message(await _got(stream.get_final_message()))


async def messages_parse(client: Any, model: str, question: str) -> Said:
    asked = _asked(model, question)
    return _message(await _got(client.messages.parse(**asked, output_format=City)))


async def messages_stream_parse(client: Any, model: str, question: str) -> Said:
    manager = client.messages.stream(**_asked(model, question), output_format=City)
    async with _open(manager) as stream:
        return _message(await _got(stream.get_final_message()))


async def beta_messages_parse(client: Any, model: str, question: str) -> Said:
    asked = _asked(model, question)
    return _message(await _got(client.beta.messages.parse(**asked, output_format=City)))


def _runnable(client: Any, calls: list[tuple[str, Any]]) -> list[Any]:
    """The two tools as functions that the tool runner of this client calls by itself."""

    def weather(name: str) -> str:
        """The weather in a city."""
        calls.append(("weather", {"name": name}))
        return "weather!"

    def news(name: str) -> str:
        """The news of a city."""
        calls.append(("news", {"name": name}))
        return "news!"

    if isinstance(client, anthropic.Anthropic):
        return [beta_tool(weather), beta_tool(news)]

    async def async_weather(name: str) -> str:
        return weather(name)

    async def async_news(name: str) -> str:
        return news(name)

    return [
        beta_async_tool(async_weather, name="weather"),
        beta_async_tool(async_news, name="news"),
    ]


async def tool_runner(client: Any, model: str, question: str) -> Said:
    calls: list[tuple[str, Any]] = []
    runner = client.beta.messages.tool_runner(
        **_asked(model, question), tools=_runnable(client, calls)
    )
    return _message(await _got(runner.until_done()))._replace(calls=tuple(calls))


async def tool_runner_streamed(client: Any, model: str, question: str) -> Said:
    calls: list[tuple[str, Any]] = []
    runner = client.beta.messages.tool_runner(
        **_asked(model, question), tools=_runnable(client, calls), stream=True
    )
    said: Said | None = None
    async for stream in _each(runner):
        said = _message(await _got(stream.get_final_message()))
    assert said is not None
    return said._replace(calls=tuple(calls))


# ---- the ways by the dialect that they speak

TEXTS: Mapping[str, tuple[Way, ...]] = {
    "openai": (chat_create, chat_chunks, chat_stream),
    "openai-responses": (responses_create, responses_events, responses_stream),
    "anthropic": (
        messages_create,
        messages_events,
        messages_stream,
        beta_messages_create,
        beta_messages_stream,
    ),
}
PARSED: Mapping[str, tuple[Way, ...]] = {
    "openai": (chat_parse, chat_stream_parse),
    "openai-responses": (responses_parse, responses_stream_parse),
    "anthropic": (messages_parse, messages_stream_parse, beta_messages_parse),
}
TOOLS: Mapping[str, tuple[Way, ...]] = {
    "openai": (chat_tools, chat_stream_tools),
    "openai-responses": (responses_tools, responses_stream_tools),
    "anthropic": (tool_runner, tool_runner_streamed),
}
SDKS: Mapping[str, Mapping[bool, Callable[..., Any]]] = {
    "openai": {False: openai.OpenAI, True: openai.AsyncOpenAI},
    "openai-responses": {False: openai.OpenAI, True: openai.AsyncOpenAI},
    "anthropic": {False: anthropic.Anthropic, True: anthropic.AsyncAnthropic},
}
"""The SDK of a dialect's callers, synchronous and asynchronous."""


def ways(table: Mapping[str, tuple[Way, ...]]) -> list[tuple[str, Way]]:
    """Each way with its dialect, as parameters of a test."""
    return [(dialect, way) for dialect, row in table.items() for way in row]


async def asked(
    url: str, dialect: str, way: Way, model: str, question: str, *, asynchronous: bool
) -> Said:
    """Ask the gateway at `url` in this way. The synchronous client blocks a thread of its own."""
    base = url if dialect == "anthropic" else f"{url}/v1"
    make = SDKS[dialect][asynchronous]

    async def ask() -> Said:
        async with _open(make(base_url=base, api_key="gate-key", max_retries=0)) as client:
            return await way(client, model, question)

    if asynchronous:
        return await ask()
    return await asyncio.to_thread(asyncio.run, ask())
