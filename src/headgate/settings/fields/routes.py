"""The settings of `[[routes]]`: which policy a request is under."""

from __future__ import annotations

from headgate.settings import schema
from headgate.settings.fields.section import Field, Section
from headgate.settings.kinds import HEADER_MATCH, Text, name_of

__all__ = ["ROUTES"]

ROUTES = Section(
    "routes",
    "Which policy a request is under; the first route on which all conditions hold counts.",
    schema.RouteSettings,
    (
        Field(
            "policy",
            name_of("policy"),
            "The policy's name; `auto` is that of `[classifier]`.",
            example='"careful"',
        ),
        Field(
            "path",
            Text(100),
            "Holds for requests to this path.",
            otherwise="no condition",
            example='"/v1/messages"',
        ),
        Field(
            "model",
            Text(200),
            "Holds where the caller asks for this model, `*` standing for anything.",
            otherwise="where the caller asks for `auto`",
            example='"gpt-4o*"',
        ),
        Field(
            "header",
            HEADER_MATCH,
            "Holds where the request has this header, or has it with this value.",
            otherwise="no condition",
            example='"x-team: search"',
        ),
        Field(
            "key",
            Text(100),
            "Holds for requests that are sent with the virtual key of this id.",
            otherwise="no condition",
            example='"k_search"',
        ),
    ),
    "list",
)
