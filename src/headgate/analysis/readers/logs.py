"""The logs of others as records: OpenAI, Anthropic, LiteLLM, Langfuse and OpenTelemetry.

Sources: the providers' API references; LiteLLM's table LiteLLM_SpendLogs; Langfuse's observations
API; the OpenTelemetry semantic conventions for generative AI and the JSON encoding of OTLP.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from headgate.analysis.readers.values import Row, chat, count, decoded, moment, money, text
from headgate.analysis.record import MalformedError, Record
from headgate.values import Usage
from headgate.wire.meter import AnthropicCounts, Counts, Meter, OpenAICounts, ResponsesCounts

__all__ = [
    "anthropic",
    "is_anthropic",
    "is_langfuse",
    "is_litellm",
    "is_openai",
    "is_otel",
    "langfuse",
    "litellm",
    "openai",
    "otel",
]

_TIMES = ("time", "timestamp", "created_at", "started_at", "start_time")
_CONVERSATIONS = ("conversation", "conversation_id", "session", "session_id", "thread_id")


def is_openai(row: Row) -> bool:
    """A request, an answer or both, of Chat Completions or Responses; a line of a batch too."""
    request, answer = _exchange(row)
    kind = str(answer.get("object", ""))
    return (
        kind.startswith(("chat.completion", "response"))
        or "choices" in answer
        or ("messages" in request and not is_anthropic(row))
    )


def openai(row: Row) -> list[Record]:
    """The one call of an exchange with OpenAI, or with a server that speaks as it does."""
    _, answer = _exchange(row)
    responses = str(answer.get("object", "")) == "response" or "output" in answer
    form = ResponsesCounts if responses else OpenAICounts
    return [_call(row, "openai", form)]


def is_anthropic(row: Row) -> bool:
    """A request, an answer or both, of Anthropic's Messages; a line of a batch's results too."""
    request, answer = _exchange(row)
    return (answer.get("type") == "message" and "content" in answer) or (
        "messages" in request and str(request.get("model", "")).startswith("claude")
    )


def anthropic(row: Row) -> list[Record]:
    """The one call of an exchange with Anthropic."""
    return [_call(row, "anthropic", AnthropicCounts)]


def _exchange(row: Row) -> tuple[dict[str, Any], dict[str, Any]]:
    """The request and the answer in a row; empty where it has none."""
    request = _object(row.get("request", row.get("body")))
    answer = _object(row.get("response"))
    result = _object(row.get("result"))  # of a batch of Anthropic's
    answer = _object(answer.get("body")) or _object(result.get("message")) or answer
    if not request and not answer:
        bare = "choices" in row or row.get("type") == "message" or "object" in row
        return (dict(row) if "messages" in row else {}), (dict(row) if bare else {})
    if not request and "messages" in row:
        request = dict(row)
    return _object(request.get("body")) or request, answer


def _call(row: Row, provider: str, form: type[Counts]) -> Record:
    request, answer = _exchange(row)
    meter = Meter(form)
    meter.see(answer.get("usage", row.get("usage")))
    if not request and not answer:
        raise MalformedError("there is neither a request nor an answer")
    asked = request.get("messages", request.get("input"))
    last, system, turns, images = ("", "", 1, 0) if asked is None else chat(asked)
    given = request.get("system", request.get("instructions"))
    if given:
        system = chat([{"role": "system", "content": given}])[1]
    status = _object(row.get("response")).get("status_code", row.get("status_code"))
    when = _first(row, _TIMES)
    if when is None:
        when = answer.get("created", answer.get("created_at"))
    metadata = _object(row.get("metadata")) | _object(request.get("metadata"))
    return Record(
        id=text(row.get("custom_id", answer.get("id", row.get("id")))),
        prompt=last,
        system=system,
        request=request or None,
        model=_model(provider, answer.get("model", request.get("model", row.get("model")))),
        time=None if when is None else moment(when),
        usage=meter.usage,
        category=text(row.get("category")),
        route=text(row.get("route", row.get("url"))),
        conversation=text(_first(row, _CONVERSATIONS) or _first(metadata, _CONVERSATIONS)),
        turns=turns,
        images=images,
        tools=_length(request.get("tools")),
        json_schema=_wants_schema(request),
        failed=bool(row.get("error") or answer.get("error"))
        or (isinstance(status, int) and status >= 400),
    )


def _wants_schema(request: dict[str, Any]) -> bool:
    asked = _object(request.get("response_format", request.get("output_format")))
    spelt = _object(_object(request.get("text")).get("format"))
    return "json_schema" in (asked.get("type"), spelt.get("type"))


def is_litellm(row: Row) -> bool:
    """A row of LiteLLM's spend logs."""
    return "spend" in row and "startTime" in row and ("model" in row or "model_group" in row)


def litellm(row: Row) -> list[Record]:
    """The call of a row; none for what is no chat, such as an embedding."""
    if any(word in str(row.get("call_type", "")) for word in ("embedding", "image", "speech")):
        return []
    meter = Meter(OpenAICounts)
    meter.see(
        {
            name: _whole(row.get(name), name)
            for name in ("prompt_tokens", "completion_tokens")
            if row.get(name) is not None
        }
    )
    metadata = _object(row.get("metadata"))
    meter.see(_object(metadata.get("usage_object")))
    usage = meter.usage
    extra = _object(metadata.get("additional_usage_values"))
    if usage is not None and not usage.cache_read and not usage.cache_write_5m:
        read = _whole(extra.get("cache_read_input_tokens") or 0, "cache_read_input_tokens")
        wrote = _whole(extra.get("cache_creation_input_tokens") or 0, "cache_creation_input_tokens")
        usage = _cached(usage, read, wrote)
    asked = decoded(row.get("messages")) or _object(row.get("proxy_server_request")).get("messages")
    last, system, turns, images = chat(asked) if isinstance(asked, list) else ("", "", 1, 0)
    return [
        Record(
            id=text(row.get("request_id")),
            prompt=last,
            system=system,
            turns=turns,
            images=images,
            request=asked,
            model=_model(
                text(row.get("custom_llm_provider")), row.get("model") or row.get("model_group")
            ),
            time=moment(row["startTime"], "startTime"),
            usage=usage,
            cost_nano=None if row.get("spend") is None else money(row["spend"], "spend"),
            route=text(row.get("api_base") if row.get("route") is None else row.get("route")),
            conversation=text(row.get("session_id")),
            failed=str(row.get("status", "")).lower() in ("failure", "failed", "error"),
        )
    ]


def is_langfuse(row: Row) -> bool:
    """An observation of Langfuse, or a page of them as its API answers."""
    page = row.get("data")
    if isinstance(page, list):
        return bool(page) and isinstance(page[0], dict) and is_langfuse(page[0])
    return "startTime" in row and "type" in row and ("traceId" in row or "trace_id" in row)


def langfuse(row: Row) -> list[Record]:
    """The generations of a row; spans and events are no calls."""
    page = row.get("data")
    if isinstance(page, list):
        return [record for one in page for record in langfuse(_must(one, "an observation"))]
    if str(row.get("type", "")).upper() != "GENERATION":
        return []
    asked = decoded(row.get("input"))
    if isinstance(asked, dict):
        asked = asked.get("messages", asked.get("prompt", asked.get("input")))
    known = isinstance(asked, (list, str))
    last, system, turns, images = chat(asked) if known else ("", "", 1, 0)
    costs = _object(row.get("costDetails"))
    cost = costs.get("total", row.get("calculatedTotalCost", row.get("totalCost")))
    return [
        Record(
            id=text(row.get("id")),
            prompt=last,
            system=system,
            turns=turns,
            images=images,
            request=asked,
            model=_model("", row.get("model")),
            time=moment(row["startTime"], "startTime"),
            usage=_langfuse_usage(row),
            cost_nano=None if cost is None else money(cost, "the cost"),
            category=text(row.get("name")),
            conversation=text(row.get("sessionId") or row.get("traceId") or row.get("trace_id")),
            failed=row.get("level") == "ERROR",
        )
    ]


def _langfuse_usage(row: Row) -> Usage | None:
    """Its kinds do not overlap: what a cache held is no part of `input`."""
    found = _object(row.get("usageDetails")) or _object(row.get("usage")) or row

    def of(*names: str) -> int | None:
        value = _first(found, names)
        return None if value is None else _whole(value, names[0])

    read = of("input", "promptTokens", "prompt_tokens", "input_tokens")
    wrote = of("output", "completionTokens", "completion_tokens", "output_tokens")
    if read is None and wrote is None:
        return None
    return Usage(
        input=read or 0,
        output=(wrote or 0) + (of("output_reasoning_tokens") or 0),
        cache_read=of("input_cached_tokens", "cache_read_input_tokens") or 0,
        cache_write_5m=of("input_cache_creation", "cache_creation_input_tokens") or 0,
        reasoning=of("output_reasoning_tokens") or 0,
    )


def is_otel(row: Row) -> bool:
    """OTLP as JSON, or one span with attributes of `gen_ai`."""
    if isinstance(row.get("resourceSpans"), list):
        return True
    return any(name.startswith("gen_ai.") for name in _attributes(row.get("attributes")))


def otel(row: Row) -> list[Record]:
    """The model calls among the spans; agents, tools and embeddings are none."""
    return [record for span in _spans(row) for record in _of_span(span)]


def _spans(row: Row) -> Iterator[Row]:
    if "resourceSpans" not in row:
        yield row
        return
    for resource in _list(row["resourceSpans"]):
        inner = _must(resource, "an entry of resourceSpans")
        for scope in _list(inner.get("scopeSpans", inner.get("instrumentationLibrarySpans"))):
            for span in _list(_must(scope, "an entry of scopeSpans").get("spans")):
                yield _must(span, "a span")


_CALLS = ("chat", "text_completion", "generate_content")


def _of_span(span: Row) -> list[Record]:
    facts = _attributes(span.get("attributes"))
    model = facts.get("gen_ai.response.model", facts.get("gen_ai.request.model"))
    if model is None or facts.get("gen_ai.operation.name", "chat") not in _CALLS:
        return []
    asked = decoded(facts.get("gen_ai.input.messages", facts.get("gen_ai.prompt")))
    known = isinstance(asked, (list, str))
    last, system, turns, images = chat(asked) if known else ("", "", 1, 0)
    given = decoded(facts.get("gen_ai.system_instructions"))
    if isinstance(given, (list, str)):
        system = chat([{"role": "system", "content": given}])[1]
    when = _first(span, ("startTimeUnixNano", "start_time_unix_nano", "start_time", "startTime"))
    status = _object(span.get("status"))
    context = _object(span.get("context"))
    return [
        Record(
            id=text(span.get("spanId", context.get("span_id"))),
            prompt=last,
            system=system,
            turns=turns,
            images=images,
            request=asked,
            model=_model(
                text(facts.get("gen_ai.provider.name", facts.get("gen_ai.system"))), model
            ),
            time=None if when is None else moment(when),
            usage=_otel_usage(facts),
            category=text(facts.get("gen_ai.agent.name")),
            conversation=text(facts.get("gen_ai.conversation.id")),
            failed="error.type" in facts
            or status.get("code", status.get("status_code")) in (2, "STATUS_CODE_ERROR", "ERROR"),
        )
    ]


def _otel_usage(facts: dict[str, Any]) -> Usage | None:
    """`input_tokens` includes what a cache read or wrote, by the conventions."""

    def of(*names: str) -> int | None:
        value = _first(facts, tuple(f"gen_ai.usage.{name}" for name in names))
        return None if value is None else _whole(value, names[0])

    read, wrote = of("input_tokens", "prompt_tokens"), of("output_tokens", "completion_tokens")
    if read is None and wrote is None:
        return None
    usage = Usage(
        input=read or 0,
        output=wrote or 0,
        reasoning=of("reasoning.output_tokens", "reasoning_tokens") or 0,
    )
    return _cached(
        usage,
        of("cache_read.input_tokens", "cache_read_input_tokens") or 0,
        of("cache_creation.input_tokens", "cache_creation_input_tokens") or 0,
    )


def _cached(usage: Usage, read: int, wrote: int) -> Usage:
    """The same tokens, where so many of the input were read from and written to a cache."""
    return msgspec.structs.replace(
        usage, input=max(0, usage.input - read - wrote), cache_read=read, cache_write_5m=wrote
    )


def _attributes(found: object) -> dict[str, Any]:
    """Attributes as a plain object; OTLP has them as a list of keys and typed values."""
    if isinstance(found, dict):
        return found
    if not isinstance(found, list):
        return {}
    facts = {}
    for entry in found:
        if isinstance(entry, dict) and isinstance(entry.get("key"), str):
            value = _object(entry.get("value"))
            facts[entry["key"]] = next(iter(value.values()), None)
    return facts


def _whole(value: object, name: str) -> int:
    return count(value, name)


def _first(row: Row, names: tuple[str, ...]) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), None)


def _object(value: object) -> dict[str, Any]:
    value = decoded(value)
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _length(value: object) -> int:
    return len(value) if isinstance(value, list) else 0


def _must(value: object, what: str) -> Row:
    if not isinstance(value, dict):
        raise MalformedError(f"{what} should be an object")
    return value


def _model(provider: str, model: object) -> str:
    name = text(model)
    return name if not provider or not name or "/" in name else f"{provider}/{name}"
