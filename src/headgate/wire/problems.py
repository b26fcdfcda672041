"""Errors as dialects tell them: statuses and kinds, read from any provider's shape."""

from __future__ import annotations

import json
import re

from headgate.errors import HeadgateError, RequestError, UpstreamError
from headgate.wire.leniency import loads, text_of
from headgate.wire.neutral import Problem

__all__ = [
    "MAX_MESSAGE_CHARS",
    "is_overflow",
    "kind_of",
    "problem_from",
    "problem_of",
    "read_problem",
]

MAX_MESSAGE_CHARS = 2000
"""Longest provider's message passed on; a proxy's whole HTML page helps nobody."""

_KINDS = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def kind_of(status: int) -> str:
    """The kind that Anthropic's API documents for a status; the rest by their class."""
    default = "invalid_request_error" if 400 <= status < 500 else "api_error"
    return _KINDS.get(status, default)


def problem_of(error: HeadgateError) -> Problem:
    """One of our own errors, for the caller."""
    code = param = None
    if isinstance(error, RequestError):
        code, param = error.code, error.param
    elif isinstance(error, UpstreamError):
        code = error.kind
    kind = kind_of(error.status)
    return Problem(status=error.status, message=str(error), kind=kind, code=code, param=param)


_TOO_LONG = re.compile(
    r"maximum context length|prompt is too long|exceeds? (?:the )?context (?:window|limit)"
    r"|input token count.{1,40}exceeds",
    re.IGNORECASE,
)


def is_overflow(problem: Problem) -> bool:
    """Whether a request was longer than the model reads; another model may read more.

    Known: OpenAI's code and words, which many servers share, Anthropic's and Google's words.
    """
    if problem.status != 400:
        return False
    return problem.code == "context_length_exceeded" or bool(_TOO_LONG.search(problem.message))


def read_problem(status: int, body: bytes) -> Problem:
    """A provider's error body. The usual shapes are known; any other is wrapped as text.

    Known: `{"error": {"message", "type", "code", "param"}}` (OpenAI and most others, Anthropic with
    `"type": "error"` around it), `[{"error": …}]` (Google), `{"error": "…"}`, `{"message": "…"}`
    and `{"detail": "…"}`.
    """
    try:
        found = loads(body)
    except ValueError:
        found = None
    if isinstance(found, list) and found:
        found = found[0]
    if isinstance(found, dict):
        return problem_from(found, status)
    return Problem(status=status, message=_wrapped(status, body), kind=kind_of(status))


def problem_from(found: dict[object, object], status: int) -> Problem:
    """The problem that a decoded error body tells."""
    error = found.get("error", found)
    if isinstance(error, str):
        error = {"message": error}
    if not isinstance(error, dict):
        error = {}
    message = text_of(error.get("message")) or text_of(found.get("detail"))
    if not message:
        message = _wrapped(status, _written(found))
    code = error.get("code")
    kind = text_of(error.get("type"))
    return Problem(
        status=status,
        message=message[:MAX_MESSAGE_CHARS],
        kind=kind or kind_of(status),
        code=str(code) if isinstance(code, str | int) else None,
        param=text_of(error.get("param")),
    )


def _written(found: dict[object, object]) -> bytes:
    try:
        return json.dumps(found).encode()
    except RecursionError:
        return b""  # nobody reads a message of a thousand brackets


def _wrapped(status: int, body: bytes) -> str:
    text = body.decode("utf-8", "replace").strip()[:MAX_MESSAGE_CHARS]
    return f"The provider answered with status {status}" + (f": {text}" if text else ".")
