"""Answers that providers have stored: whose each is, who may have it, and the way there and back.

Nothing is stored here. The ledger knows which provider has stored an answer under an id, and whose
key asked for it; the bytes are the provider's.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from headgate.errors import RequestError, UpstreamError
from headgate.gateway.caller import Caller
from headgate.gateway.driver import JSON, REFERENCE
from headgate.gateway.plant import Plant
from headgate.gateway.retry_after import told_of
from headgate.gateway.upstream import Reply, reference_of, unreachable
from headgate.ledger.entry import Entry
from headgate.ledger.store import StoreError
from headgate.routing.policies import Policies

__all__ = ["Asked", "Look", "before", "elsewhere", "fetch", "own"]

WAITS = (0.0, 0.2, 0.5, 1.0)
"""Pauses before each look for a row that may still be on its way to the store, in seconds."""
PATIENCE = 2.0
"""Seconds for a look that a request waits for which can be served without it."""
KEPT = "stored-elsewhere"
"""What a tier lacks that is at another provider than the answer that is gone on from."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
EVENTS = "text/event-stream"


class Asked(NamedTuple):
    """What is asked of a stored answer."""

    answer_id: str
    part: str = ""
    """What of it: nothing for itself, `input_items` or `cancel`."""


Look: TypeAlias = Callable[[str], Sequence[Entry]]
"""The attempts whose answers are stored under an id; may block, and is called in a thread."""


async def own(look: Look, answer_id: str, key: str | None) -> Entry:
    """The attempt whose answer a key has asked for before, and now asks for again.

    Raises:
        RequestError: 404, there is none, or it is another key's.
        StoreError: the ledger does not answer.
    """
    for wait in WAITS if _ID.fullmatch(answer_id) else ():
        await asyncio.sleep(wait)
        found = await asyncio.to_thread(look, answer_id)
        if (entry := _of(found, key)) is not None:
            return entry
        if found:
            break
    raise RequestError(
        f"Response with id '{answer_id[:100]}' not found.",
        status=404,
        code="not_found",
        fix="Ask for one that this key has asked for through this gateway, and with `store`.",
    )


async def before(look: Look, answer_id: str, key: str | None) -> Entry | None:
    """The attempt whose answer a request goes on from; None where that is not known.

    It is not known of what was not asked for here, and while the ledger does not answer: then the
    provider says whether it has it.

    Raises:
        RequestError: another key has asked for it.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            found = await asyncio.to_thread(look, answer_id)
    except (StoreError, TimeoutError):
        return None
    entry = _of(found, key)
    if entry is None and found:
        raise RequestError(
            f"Previous response with id '{answer_id[:100]}' not found.",
            code="previous_response_not_found",
            param="previous_response_id",
            fix="Go on from a response that this key has asked for.",
        )
    return entry


def _of(found: Sequence[Entry], key: str | None) -> Entry | None:
    return next((entry for entry in found if entry.key == key), None)


def elsewhere(policies: Policies, provider: str, barred: Mapping[str, str]) -> Mapping[str, str]:
    """The tiers that cannot go on from an answer that `provider` has stored, beside those `barred`.

    Raises:
        RequestError: none can.
    """
    away = {tier.name: KEPT for tier in policies.tiers if tier.model.provider != provider}
    closed = {**away, **barred}
    if len(closed) == len(policies.tiers):
        raise RequestError(
            "No tier that may answer is at the provider that has stored the previous response.",
            code="no_capable_tier",
            param="previous_response_id",
            fix="Send the whole history instead, or name a model of that provider.",
        )
    return closed


async def fetch(plant: Plant, caller: Caller, look: Look, asked: Asked, key: str | None) -> None:
    """Ask the provider that has stored an answer, and pass on what it says.

    Raises:
        RequestError: there is no such answer for this key (404), or the query is none (400).
        UpstreamError: the provider cannot be reached, breaks off, or is too slow.
        ConnectionError: it breaks off within a stream: the caller's connection is to be cut.
    """
    entry = await own(look, asked.answer_id, key)
    provider = plant.providers.get(entry.provider)
    if provider is None:
        raise RequestError(
            f"The provider `{entry.provider}`, which has stored this response, is not set up.",
            status=404,
            code="not_found",
            fix="Name it again in [providers].",
        )
    target = f"/responses/{asked.answer_id}{asked.part and f'/{asked.part}'}{_query(caller)}"
    method = "GET" if caller.method == "HEAD" else caller.method  # the server leaves the body out
    endpoint, limit = provider.other(method, target), plant.limits.request_timeout
    reply: Reply | None = None
    try:
        with plant.deadlines.within(limit):
            reply = await plant.upstream.send(endpoint, b"")
            sort = reply.header("content-type") or JSON[1]
            streamed = reply.status == 200 and sort.lower().startswith(EVENTS)
            body = b"" if streamed else await reply.read()
        if streamed:
            await _stream(plant, caller, entry, reply, sort)
            return
    except TimeoutError:
        raise UpstreamError(
            f"The provider `{entry.provider}` did not answer within {limit:g} s.",
            kind="timeout",
            status=504,
        ) from None
    except UpstreamError as error:
        raise (unreachable(entry.provider) if error.kind == "connect" else error) from error
    except BaseException:
        if reply is not None:
            reply.close()
        raise
    headers = [("content-type", sort), *_told(entry, reply), *told_of(reply.header)]
    caller.respond(reply.status, headers, body)


async def _stream(plant: Plant, caller: Caller, entry: Entry, reply: Reply, sort: str) -> None:
    """Pass on the events of an answer that is still being made, or is told once more."""
    out = caller.stream(200, [("content-type", sort), *_told(entry, reply)])
    try:
        while await reply.pour(out.write, plant.idle_timeout):
            await out.send(b"")  # until the caller has taken enough
    except UpstreamError as error:
        raise ConnectionError("the provider broke off") from error


def _told(entry: Entry, reply: Reply) -> list[tuple[str, str]]:
    """Which request the answer was given to, and by whom."""
    headers = [
        ("x-headgate-request-id", entry.request_id),
        ("x-headgate-model", f"{entry.provider}/{entry.model_asked}"),
    ]
    reference = reference_of(reply)
    return headers if reference is None else [*headers, (REFERENCE, reference)]


def _query(caller: Caller) -> str:
    """The caller's query, question mark included.

    Raises:
        RequestError: it holds what no target of a request may hold.
    """
    query = caller.query
    if not (query.isascii() and query.isprintable()) or " " in query or "#" in query:
        raise RequestError(
            "The query of this request holds a character that no URL holds.",
            code="invalid_value",
            fix="Encode it.",
        )
    return query and f"?{query}"
