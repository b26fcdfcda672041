"""Helicone's exports as records: the request, the answer, and what Helicone noted about both.

Source: the schema HeliconeRequest of Helicone's REST API (POST /v1/request/query-clickhouse), whose
rows its export tool writes as JSON, JSON lines or CSV.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from headgate.analysis.readers.logs import anthropic, is_anthropic, is_openai, openai
from headgate.analysis.readers.values import Row, count, decoded, moment, money, text
from headgate.analysis.record import Record
from headgate.values import Usage

__all__ = ["helicone", "is_helicone"]

_OTHER = re.compile(r"/(embeddings|moderations|images/\w+|audio/\w+)/?(\?|$)")
"""The end of a path that is no chat; a host or a deployment may be called anything."""
_MISSING = (None, "")
_SESSION = "Helicone-Session-Id"


def is_helicone(row: Row) -> bool:
    """A row of Helicone's export, or a page of them as its API answers."""
    page = row.get("data")
    if isinstance(page, list):
        return bool(page) and isinstance(page[0], dict) and is_helicone(page[0])
    return "request_created_at" in row and ("request_body" in row or "response_status" in row)


def helicone(row: Row) -> list[Record]:
    """The call of a row; none for what is no chat, such as an embedding.

    Without bodies, which the export leaves out unless asked for, there is no prompt; tokens are
    Helicone's own then, and what a cache held is not known.
    """
    page = row.get("data")
    if isinstance(page, list):
        return [record for one in page if isinstance(one, dict) for record in helicone(one)]
    if _OTHER.search(str(row.get("request_path", ""))):
        return []
    cost = row.get("costUSD")
    told = Record(
        id=text(row.get("request_id") or row.get("response_id")),
        time=moment(row["request_created_at"], "request_created_at"),
        conversation=_session(row),
        route=text(row.get("request_path")),
        failed=not text(row.get("response_status", "2")).startswith("2"),
        cost_nano=None if cost in _MISSING else money(cost, "costUSD"),
    )
    shaped = {
        "request": row.get("request_body"),
        "response": row.get("response_body"),
        "time": row["request_created_at"],
    }
    said = told
    if is_anthropic(shaped):
        (said,) = anthropic(shaped)
    elif is_openai(shaped):
        (said,) = openai(shaped)
    return [
        msgspec.structs.replace(
            said,
            id=told.id,
            time=told.time,
            conversation=told.conversation or said.conversation,
            route=told.route,
            failed=told.failed or said.failed,
            cost_nano=told.cost_nano,
            model=_model(row, said.model),
            usage=said.usage or _usage(row),
        )
    ]


def _session(row: Row) -> str:
    for name in ("properties", "request_properties"):
        found: Any = decoded(row.get(name))
        if isinstance(found, dict) and found.get(_SESSION):
            return text(found[_SESSION])
    return ""


def _model(row: Row, said: str) -> str:
    """The model by the answer, else by Helicone, under the provider that Helicone names."""
    name = said.partition("/")[2] or text(row.get("response_model") or row.get("model"))
    provider = text(row.get("provider")).lower()
    return f"{provider}/{name}" if provider and name and "/" not in name else said or name


def _usage(row: Row) -> Usage | None:
    read, wrote = row.get("prompt_tokens"), row.get("completion_tokens")
    if read in _MISSING and wrote in _MISSING:
        return None
    return Usage(
        input=count(read or 0, "prompt_tokens"), output=count(wrote or 0, "completion_tokens")
    )
