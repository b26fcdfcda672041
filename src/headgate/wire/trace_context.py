"""W3C trace context: the headers that say which trace a request belongs to.

Rules from the W3C Recommendation "Trace Context" (https://www.w3.org/TR/trace-context/):
- A `traceparent` that breaks its grammar is as good as none, and its `tracestate` goes with it.
- Of a version later than 00 the fields of 00 are read, and what follows them is not.
- A `tracestate` that breaks its grammar is dropped whole; the `traceparent` stands.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["SAMPLED", "TraceContext", "read", "write"]

SAMPLED = 1
"""The flag of a caller that records this trace."""

_KNOWN_FLAGS = 0b11
"""Sampled, and that the id of the trace is random; the others mean nothing yet."""
_MOST_MEMBERS = 32
_MOST_CHARS = 512
"""Of a `tracestate`; the Recommendation asks for no more to be carried."""

_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL)
_KEY = r"[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13}"
_VALUE = r"[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
_MEMBER = re.compile(rf"({_KEY})=({_VALUE})")


class TraceContext(NamedTuple):
    """A place in a trace."""

    trace_id: int
    span_id: int
    flags: int
    state: tuple[tuple[str, str], ...] = ()
    """What tracing systems on the way have noted for themselves, the latest first."""


def read(traceparent: str | None, tracestate: str | None = None) -> TraceContext | None:
    """The place in a trace that a request's headers name; None where they name none."""
    found = _PARENT.fullmatch((traceparent or "").strip(" \t"))
    if found is None:
        return None
    version, trace, span, flags, more = found.groups()
    if version == "ff" or (version == "00" and more is not None):
        return None
    trace_id, span_id = int(trace, 16), int(span, 16)
    if not (trace_id and span_id):
        return None
    return TraceContext(trace_id, span_id, int(flags, 16) & _KNOWN_FLAGS, _state(tracestate or ""))


def write(context: TraceContext) -> list[tuple[str, str]]:
    """The headers that name a place in a trace."""
    trace_id, span_id, flags, state = context
    headers = [("traceparent", f"00-{trace_id:032x}-{span_id:016x}-{flags:02x}")]
    if state:
        headers.append(("tracestate", ",".join(f"{key}={value}" for key, value in state)))
    return headers


def _state(tracestate: str) -> tuple[tuple[str, str], ...]:
    if len(tracestate) > _MOST_CHARS:
        return ()
    state: dict[str, str] = {}
    for member in tracestate.split(","):
        text = member.strip(" \t")
        if not text:  # an empty member is allowed, and says nothing
            continue
        found = _MEMBER.fullmatch(text)
        if found is None or found[1] in state or len(state) == _MOST_MEMBERS:
            return ()
        state[found[1]] = found[2]
    return tuple(state.items())
