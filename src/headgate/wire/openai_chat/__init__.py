"""OpenAI chat completions: requests, answers, streams and errors, read and written.

Source: OpenAI's API reference and the types of its official Python SDK (3.54). What other servers
with this dialect add is read where it is harmless: `reasoning_content`, content as a list, whole
numbers as floats, a missing tool call id, an error within a 200.
"""

from __future__ import annotations

from headgate.wire import sse
from headgate.wire.dialect import Dialect, unforgettable, unmendable
from headgate.wire.easing import openai_easings
from headgate.wire.gpt import left_out
from headgate.wire.neutral import Problem
from headgate.wire.openai_chat import answers, inbound, reading, streams, writing

__all__ = ["OPENAI_CHAT"]


def _headers(api_key: str | None) -> list[tuple[str, str]]:
    headers = [("content-type", "application/json")]
    if api_key is not None:
        headers.append(("authorization", f"Bearer {api_key}"))
    return headers


def _problem_event(problem: Problem) -> bytes:
    """The SDKs raise it. No `[DONE]` follows."""
    return sse.encode(answers.write_problem(problem))


OPENAI_CHAT = Dialect(
    name="openai",
    path="/chat/completions",
    words={
        "messages": "messages",
        "stop": "stop",
        "format": "response_format.json_schema.schema",
        "tools": "tools",
        "temperature": "temperature",
        "top_p": "top_p",
        "effort": "reasoning_effort",
        "user": "user",
    },
    headers=_headers,
    kept_headers=("openai-beta",),
    read=inbound.read,
    read_request=reading.read,
    read_fields=reading.FIELDS,
    write_answer=lambda answer, _, at: answers.write(answer, at),
    writer=streams.Writer,
    write_problem=answers.write_problem,
    write_problem_event=_problem_event,
    own_fields=inbound.own_fields,
    mend=unmendable,
    forget=unforgettable,
    easings=openai_easings,
    check=writing.check,
    write_request=writing.write,
    left_out=left_out,
    read_answer=answers.read,
    weigh_answer=answers.weigh,
    reader=streams.Reader,
    is_problem=answers.is_problem,
)
