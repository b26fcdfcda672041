"""Whether the tool calls of a draft can be carried out: the tool exists, its arguments fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headgate.routing.checks.schema import Schema, fits
from headgate.values import ToolUse

__all__ = ["faulty_calls"]


def faulty_calls(
    calls: Sequence[ToolUse], tools: Mapping[str, Schema | None] | None
) -> tuple[str | None, tuple[str, ...]]:
    """What is wrong with the first call that cannot be carried out, and the keywords not looked at.

    That is `name`, or what `fits` says of its arguments. `tools` None means that the tools offered
    could not be read, so that only the arguments' being an object is looked at; a tool without a
    schema takes any object.
    """
    unknown: list[str] = []
    for call in calls:
        if tools is not None and call.name not in tools:
            return "name", tuple(unknown)
        schema = tools.get(call.name) if tools is not None else None
        # a call without arguments is written as no text at all by some providers
        text = call.arguments or "{}"
        problem, left = fits(text, {"type": "object"})
        if problem is None and schema is not None:
            problem, left = fits(text, schema)
        unknown += left
        if problem is not None:
            return problem, tuple(dict.fromkeys(unknown))
    return None, tuple(dict.fromkeys(unknown))
