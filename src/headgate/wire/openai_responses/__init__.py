"""OpenAI Responses: requests, answers, streams and errors, read and written.

Source: OpenAI's API reference and the types of its official Python SDK (3.54). The errors' shape is
that of chat completions. What hangs on the provider's memory (`previous_response_id`, stored items)
or on its own tools passes between caller and provider of this dialect, and to no other.
"""

from __future__ import annotations

import msgspec

from headgate.wire import sse
from headgate.wire.dialect import Dialect
from headgate.wire.easing import openai_easings
from headgate.wire.gpt import left_out
from headgate.wire.neutral import Problem
from headgate.wire.openai_chat import answers as chat
from headgate.wire.openai_responses import (
    answers,
    inbound,
    items,
    reading,
    stream_writing,
    streams,
    writing,
)

__all__ = ["OPENAI_RESPONSES"]


def _headers(api_key: str | None) -> list[tuple[str, str]]:
    headers = [("content-type", "application/json")]
    if api_key is not None:
        headers.append(("authorization", f"Bearer {api_key}"))
    return headers


def _problem_event(problem: Problem) -> bytes:
    """The SDKs raise it. No `response.completed` follows; its number in the stream is not known."""
    return sse.encode(msgspec.json.encode(stream_writing.error_event(problem, 0)), b"error")


OPENAI_RESPONSES = Dialect(
    name="openai-responses",
    path="/responses",
    words={
        "messages": "input",
        "stop": "stop",
        "format": "text.format.schema",
        "tools": "tools",
        "temperature": "temperature",
        "top_p": "top_p",
        "effort": "reasoning.effort",
        "user": "user",
    },
    headers=_headers,
    kept_headers=("openai-beta",),
    read=inbound.read,
    read_request=reading.read,
    read_fields=reading.FIELDS,
    write_answer=answers.write,
    writer=stream_writing.Writer,
    write_problem=chat.write_problem,
    write_problem_event=_problem_event,
    own_fields=items.own_fields,
    mend=items.mend,
    forget=items.forget,
    easings=openai_easings,
    check=writing.check,
    write_request=writing.write,
    left_out=left_out,
    read_answer=answers.read,
    weigh_answer=answers.weigh,
    reader=streams.Reader,
    is_problem=chat.is_problem,
)
