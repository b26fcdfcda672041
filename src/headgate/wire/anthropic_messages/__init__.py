"""Anthropic Messages: requests, answers, streams and errors, read and written.

Source: Anthropic's API reference (platform.claude.com, read November 2026) and the types of its
official Python SDK (2.12).
"""

from __future__ import annotations

from headgate.wire import sse
from headgate.wire.anthropic_messages import (
    answers,
    inbound,
    reading,
    streams,
    thinking,
    writing,
)
from headgate.wire.betas import BETA, beta_easings
from headgate.wire.dialect import Dialect
from headgate.wire.easing import anthropic_easings
from headgate.wire.neutral import Problem

__all__ = ["ANTHROPIC_MESSAGES", "VERSION"]

VERSION = "2023-06-01"
"""The value of the anthropic-version header: the only stable version of the Messages API."""


def _headers(api_key: str | None) -> list[tuple[str, str]]:
    headers = [("content-type", "application/json"), ("anthropic-version", VERSION)]
    if api_key is not None:
        headers.append(("x-api-key", api_key))
    return headers


def _problem_event(problem: Problem) -> bytes:
    """The SDKs raise it. No `message_stop` follows."""
    return sse.encode(answers.write_problem(problem), b"error")


ANTHROPIC_MESSAGES = Dialect(
    name="anthropic",
    path="/v1/messages",
    words={
        "messages": "messages",
        "stop": "stop_sequences",
        "format": "output_config.format.schema",
        "tools": "tools",
        "temperature": "temperature",
        "top_p": "top_p",
        "effort": "output_config.effort",
        "user": "metadata.user_id",
    },
    headers=_headers,
    kept_headers=("anthropic-version", BETA),
    request_id="request-id",
    count_path="/v1/messages/count_tokens",
    read=inbound.read,
    read_count=inbound.read_count,
    read_request=reading.read,
    read_fields=reading.FIELDS,
    write_answer=lambda answer, _, at: answers.write(answer, at),
    writer=streams.Writer,
    write_problem=answers.write_problem,
    write_problem_event=_problem_event,
    own_fields=inbound.own_fields,
    mend=thinking.mend,
    forget=thinking.forget,
    easings=lambda problem: beta_easings(problem) or anthropic_easings(problem),
    check=writing.check,
    write_request=writing.write,
    left_out=writing.left_out,
    read_answer=answers.read,
    weigh_answer=answers.weigh,
    reader=streams.Reader,
    is_problem=answers.is_problem,
)
