"""The gateway as an application: paths, admission of a request, health; one coroutine a request."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec

from headgate.errors import HeadgateError, InternalError, RequestError
from headgate.gateway.admission import Admission
from headgate.gateway.caller import Caller
from headgate.gateway.counting import count
from headgate.gateway.cross_origin import (
    ORIGIN,
    allow,
    foreign,
    is_preflight,
    is_shared,
    shared,
    unwelcome,
)
from headgate.gateway.driver import JSON, Driver
from headgate.gateway.feedback import Feedback
from headgate.gateway.followed import Followed
from headgate.gateway.gate import NOBODY, Visitor
from headgate.gateway.model_list import all_models, one_model, page_of_models
from headgate.gateway.paced import Paced, runs_low
from headgate.gateway.paths import (
    DIALECTS,
    EMBEDDINGS,
    MODEL,
    PASSED,
    RESPONSE,
    meant,
    not_allowed,
    nothing_at,
    of_response,
)
from headgate.gateway.permission import barred, names_for
from headgate.gateway.plant import Plant
from headgate.gateway.record import TAGS_HEADER
from headgate.gateway.retry_after import whole
from headgate.gateway.unpacked import ENCODING, unpacked
from headgate.routing.features import CATEGORY_HEADER
from headgate.routing.policies import Origin
from headgate.routing.policy import Policy
from headgate.routing.session import SESSION_HEADER
from headgate.wire import passed
from headgate.wire.lane import Inbound, read, refuse

if TYPE_CHECKING:  # loaded where requests are passed through, sampled, or kept
    from headgate.gateway.passage import Passage
    from headgate.gateway.shadow import Shadow
    from headgate.gateway.stored import Look
    from headgate.gateway.transcript import Transcript, Transcripts

__all__ = ["App"]

log = logging.getLogger("headgate.gateway")

LONGEST_NAME = 200
LONGEST_TAGS = 4000
LONGEST_WAIT = 60.0
LONGEST_FEEDBACK = 4096

_NAMES = (
    (SESSION_HEADER, "a short id of the conversation"),
    (CATEGORY_HEADER, "the name of a kind of task, such as summary"),
)
_ANTHROPIC = "anthropic-version"
"""The header that every request of an Anthropic SDK has."""

_TAGS = msgspec.json.Decoder(dict[str, str | int | float | bool])

Action = Callable[["App", str, Caller, Visitor], Awaitable[None]]
"""Answers a request to a path."""


class App:
    """Answers requests; the `Handler` of a server.

    Args:
        plant: what requests share.
        new_id: makes a request id.
        max_body: longest request body in bytes; a longer one gets 413.
        max_requests: requests under way at once; one more gets 503 with Retry-After.
        admission: whose keys are good, and what their owners may use.
    """

    def __init__(
        self,
        plant: Plant,
        *,
        new_id: Callable[[], str],
        max_body: int,
        max_requests: int,
        admission: Admission,
    ) -> None:
        self.plant = plant
        self._new_id = new_id
        self._max_body = max_body
        self._max_requests = max_requests
        self._room = sys.maxsize
        self._under_way = 0
        self.admission = admission
        self.draining = False
        """Set before the server stops: readiness says no, and what is under way is finished."""
        self.shadow: Shadow | None = None
        """Compares a part of the cheap answers with premium's, where that is wanted."""
        self.transcripts: Transcripts | None = None
        """Takes down what callers ask and are answered, where that is kept."""
        self.feedback: Feedback | None = None
        """Keeps what users say of answers."""
        self.stored: Look | None = None
        """Finds out which answers providers have stored, and whose they are; None: nobody does."""
        self.refused: Callable[[str, str | None], None] = lambda *_: None
        """Told of each refusal: the error's code, and the id of the key, if it was known."""
        self.follow: Callable[[Caller, str], Followed] | None = None
        """Follows a POST (its caller, its path) to its end; None: nobody does."""
        self.refused_reload = False
        """A change of the configuration has been refused, and the old one goes on."""
        self.recordable: Callable[[], bool] = lambda: True
        """Asked before a provider is called; where it says no, the request is refused with 503."""
        self.unreadable_keys: Callable[[], int] = lambda: 0
        """How many providers keep a key because the file of it cannot be read now."""
        self.beside: Callable[[], str | None] = lambda: None
        """What is wrong with the process beside this one, for `health`; None: nothing."""

    def adopt(self, plant: Plant, *, max_body: int, max_requests: int) -> None:
        """Serve by another plant from the next request on; those under way keep theirs."""
        self.plant, self._max_body = plant, max_body
        self._max_requests = min(max_requests, self._room)

    def confine(self, requests: int) -> None:
        """Never more requests at once than these, whatever the settings allow."""
        self._room = requests
        self._max_requests = min(self._max_requests, requests)

    async def __call__(self, caller: Caller) -> None:
        """Answer one request."""
        path = caller.path.rstrip("/")
        routes: Mapping[str, Action] | None = _ROUTES.get(path)
        if routes is None:
            path = caller.path = meant(path)
            routes = _ROUTES.get(path) or _below(path)
        if self.plant.origins and ORIGIN in caller.headers:
            caller = shared(caller, self.plant.origins)
        followed: Followed | None = None
        if self.follow is not None and caller.method == "POST" and "POST" in routes:
            caller = followed = self.follow(caller, path)
        visitor, admitted = NOBODY, False
        try:
            action = routes.get(caller.method) or _unusual(caller, path, routes)
            if caller.method == "POST" or action is App._stored:  # a provider is called, mostly
                visitor = self._enter(caller)
                admitted = True
                self._under_way += 1
                if (visitor.requests or visitor.tokens) and runs_low(visitor):
                    caller = Paced(caller, visitor, self.plant.clock)
            await action(self, path, caller, visitor)
        except HeadgateError as error:
            if admitted and isinstance(error, RequestError):
                self.refused(error.code or "invalid_request", visitor.key_id)
            _tell(caller, path, followed, error)
        except ConnectionError:
            raise  # the caller has gone: nobody is left to tell
        except Exception:
            log.exception("a defect in headgate, please report it: request to %s", path[:200])
            defect = InternalError("Headgate failed inside.", fix="The log says more.")
            _tell(caller, path, followed, defect)
        finally:
            if admitted:
                self._under_way -= 1
            if followed is not None:
                followed.over()

    # ---- handlers

    async def _converse(self, path: str, caller: Caller, visitor: Visitor) -> None:
        plant = self.plant  # this one to the end, whatever is loaded meanwhile
        arrived = plant.clock.monotonic()
        body = await _body(caller, self._max_body)
        inbound = read(DIALECTS[path], body, caller.headers)
        _cancel_on_leave(caller, plant)
        request_id, key = self._new_id(), visitor.key
        origin = Origin(path) if key is None else Origin(path, key.id, key.team)
        policy = plant.policies.policy(inbound.ask, origin)
        if visitor.confined:
            closed = barred(visitor, plant.policies, inbound.ask, origin)
            origin = msgspec.structs.replace(origin, barred=closed)
        if inbound.ask.continues is not None and self.stored is not None:
            origin = await _go_on(self.stored, plant, inbound, origin, policy)
        if key is not None:
            lent = self.admission.admit(visitor, request_id, plant, inbound, origin, policy)
            if lent is not None:
                await lent
        try:
            transcript = None
            if self.transcripts is not None:
                moment = plant.clock.time()
                transcript = self.transcripts.begin(
                    caller, inbound.dialect, inbound.body, request_id, moment
                )
                caller = transcript or caller
            sampled = None if self.shadow is None else self.shadow.sample(caller)
            driver = Driver(plant, sampled or caller, inbound, request_id, origin, policy, arrived)
            driver.transcript = transcript
            await driver.run()
            if self.shadow is not None and sampled is not None and driver.served is not None:
                self.shadow.take(sampled, driver.served)
        finally:
            if key is not None:
                self.admission.close(request_id)

    async def _stored(self, path: str, caller: Caller, visitor: Visitor) -> None:
        """What a provider has stored of an answer; a POST of it has nothing in its body."""
        from headgate.gateway.stored import Asked, fetch  # most gateways never need it

        plant, found = self.plant, of_response(path)
        if self.stored is None or found is None:
            raise nothing_at(path, _ROUTES)
        _cancel_on_leave(caller, plant)
        await fetch(plant, caller, self.stored, Asked(*found[:2]), visitor.key_id)

    async def _feed_back(self, _: str, caller: Caller, visitor: Visitor) -> None:
        body = await _body(caller, LONGEST_FEEDBACK)
        if self.feedback is None:
            raise RequestError(
                "This gateway keeps no feedback.",
                status=404,
                code="not_found",
                fix="Ask its owner.",
            )
        _answer(caller, 200, await self.feedback.take(body, visitor.key_id))

    async def _count(self, _: str, caller: Caller, visitor: Visitor) -> None:
        plant = self.plant
        body = await _body(caller, self._max_body)
        _cancel_on_leave(caller, plant)
        await count(plant, caller, body, visitor)

    async def _embed(self, _: str, caller: Caller, visitor: Visitor) -> None:
        from headgate.gateway.passage import passage_of  # most gateways never need it

        plant, request_id = self.plant, self._new_id()
        body = await _body(caller, self._max_body)
        _cancel_on_leave(caller, plant)
        transcript = None
        if self.transcripts is not None:
            now = plant.clock.time()
            transcript = self.transcripts.begin(caller, DIALECTS[EMBEDDINGS], body, request_id, now)
        asked = passed.read(passed.EMBEDDINGS, body)
        passage = passage_of(plant, transcript or caller, asked, request_id, visitor)
        await self._run(passage, plant, request_id, visitor, transcript)

    async def _pass(self, path: str, caller: Caller, visitor: Visitor) -> None:
        """What nothing is kept of, where prompts are: it is mostly pictures and sound."""
        from headgate.gateway.passage import passage_of
        from headgate.wire.multipart import read_form

        plant, request_id = self.plant, self._new_id()
        body = await _body(caller, self._max_body)
        _cancel_on_leave(caller, plant)
        kind, content_type = PASSED[path], caller.headers.get("content-type", "")
        asked = read_form(kind, body, content_type) if kind.form else passed.read(kind, body)
        passage = passage_of(plant, caller, asked, request_id, visitor)
        await self._run(passage, plant, request_id, visitor)

    async def _run(
        self,
        passage: Passage,
        plant: Plant,
        request_id: str,
        visitor: Visitor,
        transcript: Transcript | None = None,
    ) -> None:
        await self.admission.admit_passage(visitor, request_id, plant, passage)
        try:
            await passage.run()
        finally:
            self.admission.close(request_id)
            if transcript is not None:
                transcript.over()

    async def _models(self, _: str, caller: Caller, __: Visitor) -> None:
        visitor = self.admission.gate.enter(caller.headers)
        names = names_for(visitor, self.plant.policies)
        if _ANTHROPIC in caller.headers:
            _answer(caller, 200, page_of_models(names, caller.query))
        else:
            _answer(caller, 200, all_models(names))

    async def _model(self, path: str, caller: Caller, _: Visitor) -> None:
        visitor = self.admission.gate.enter(caller.headers)
        names = names_for(visitor, self.plant.policies)
        name = unquote(path.removeprefix(MODEL))
        _answer(caller, 200, one_model(name, names, anthropic=_ANTHROPIC in caller.headers))

    async def _allow(self, _: str, caller: Caller, __: Visitor) -> None:
        allow(caller)

    async def health(self, caller: Caller) -> None:
        """Say that the process runs, and what is wrong with the one beside it, if anything is."""
        trouble = self.beside()
        told = {} if trouble is None else {"beside": trouble}
        _answer(caller, 200, msgspec.json.encode({"status": "ok", **told}))

    async def ready(self, caller: Caller) -> None:
        """Say whether requests are welcome."""
        if self.draining:
            _answer(caller, 503, b'{"status":"draining"}')
        elif not self.recordable():
            _answer(caller, 503, b'{"status":"ledger unavailable"}')
        else:  # it serves, by the configuration and the keys before
            told = {"reload": "refused"} if self.refused_reload else {}
            told |= {"keys": "unreadable"} if self.unreadable_keys() else {}
            _answer(caller, 200, msgspec.json.encode({"status": "ready", **told}))

    # ---- admission

    def _enter(self, caller: Caller) -> Visitor:
        """Who sends a request that is served.

        Raises:
            RequestError: it is refused, for its sender's sake or ours; that is counted.
        """
        visitor = NOBODY
        try:
            visitor = self.admission.gate.enter(caller.headers)
            self._admit(caller, visitor)
        except RequestError as error:
            self.refused(error.code or "invalid_request", visitor.key_id)
            raise
        return visitor

    def _admit(self, caller: Caller, visitor: Visitor) -> None:
        if self._under_way >= self._max_requests:
            raise RequestError(
                f"{self._max_requests} requests are under way, which is all this gateway takes.",
                status=503,
                code="overloaded",
                fix="Try again in a moment, or raise [server] max_requests.",
                retry_after=1.0,
            )
        if ORIGIN in caller.headers and visitor is NOBODY and not self.admission.gate.required:
            foreign(caller.headers[ORIGIN], self.plant.origins)
        self.admission.gate.pace(visitor)
        _check_labels(caller.headers)
        if not self.recordable():
            raise RequestError(
                "The ledger cannot be written, and this gateway serves nothing that is not in it.",
                status=503,
                code="ledger_unavailable",
                fix="Make room on the journal's disk or bring the database back; "
                'or set on_failure = "open" below [ledger].',
                retry_after=5.0,
            )


_ROUTES: dict[str, dict[str, Action]] = {
    "/v1/chat/completions": {"POST": App._converse},  # noqa: SLF001
    "/v1/responses": {"POST": App._converse},  # noqa: SLF001
    "/v1/messages": {"POST": App._converse},  # noqa: SLF001
    "/v1/messages/count_tokens": {"POST": App._count},  # noqa: SLF001
    "/v1/embeddings": {"POST": App._embed},  # noqa: SLF001
    **{path: {"POST": App._pass} for path in PASSED},  # noqa: SLF001
    "/v1/feedback": {"POST": App._feed_back},  # noqa: SLF001
    "/v1/models": {"GET": App._models},  # noqa: SLF001
    "/healthz": {"GET": lambda app, _, caller, __: app.health(caller)},
    "/readyz": {"GET": lambda app, _, caller, __: app.ready(caller)},
}


_ONE: dict[str, Action] = {"GET": App._model}  # noqa: SLF001
"""What is served below `/v1/models/`."""
_NOTHING: dict[str, Action] = {}


def _below(path: str) -> Mapping[str, Action]:
    """What is served at a path that has no entry of its own."""
    if path.startswith(MODEL):
        return _ONE
    if path.startswith(RESPONSE) and (found := of_response(path)) is not None:
        return dict.fromkeys(found[2], App._stored)  # noqa: SLF001
    return _NOTHING


def _unusual(caller: Caller, path: str, routes: Mapping[str, Action]) -> Action:
    """What is done for a method that has no entry of its own.

    Raises:
        RequestError: nothing is; 404 where no method has one.
    """
    if not routes:
        raise nothing_at(path, _ROUTES)
    if caller.method == "HEAD" and "GET" in routes:
        return routes["GET"]
    if is_preflight(caller):
        return App._allow  # noqa: SLF001
    if caller.method == "OPTIONS" and ORIGIN in caller.headers and not is_shared(caller):
        raise unwelcome()
    raise not_allowed(caller.method, [*routes, *(["HEAD"] if "GET" in routes else [])])


async def _go_on(
    look: Look, plant: Plant, inbound: Inbound, origin: Origin, policy: Policy | None
) -> Origin:
    """Where a request may be answered that goes on from what a provider has stored."""
    from headgate.gateway.stored import before, elsewhere  # most gateways never need it

    entry = await before(look, inbound.ask.continues or "", origin.key)
    if entry is None or policy is None:
        return origin
    closed = elsewhere(plant.policies, entry.provider, origin.barred)
    return msgspec.structs.replace(origin, barred=closed)


async def _body(caller: Caller, limit: int) -> bytes:
    """The body in plain; at most so many bytes, as it came and as it is."""
    body = await caller.body(limit)
    return unpacked(body, caller.headers[ENCODING], limit) if ENCODING in caller.headers else body


def _check_labels(headers: Mapping[str, str]) -> None:
    """What callers have written into the ledger for their reports is small, and is JSON.

    Raises:
        RequestError: it is not.
    """
    if SESSION_HEADER in headers or CATEGORY_HEADER in headers:
        _check_names(headers)
    if TAGS_HEADER not in headers:
        return
    tags = headers[TAGS_HEADER]
    try:
        _TAGS.decode(tags)
        fits = len(tags) <= LONGEST_TAGS
    except msgspec.MsgspecError:
        fits = False
    if not fits:
        raise RequestError(
            f"The header {TAGS_HEADER} is not a JSON object of plain values, or is longer than "
            f"{LONGEST_TAGS} characters.",
            code="invalid_value",
            param=TAGS_HEADER,
            fix='Send something like {"team": "search", "feature": "summary"}.',
        )


def _check_names(headers: Mapping[str, str]) -> None:
    for name, what in _NAMES:
        if name in headers and len(headers[name]) > LONGEST_NAME:
            raise RequestError(
                f"The header {name} is longer than {LONGEST_NAME} characters.",
                code="invalid_value",
                param=name,
                fix=f"Send {what}.",
            )


def _cancel_on_leave(caller: Caller, plant: Plant) -> None:
    """Whatever is done from here on for the caller is cancelled when it leaves."""
    task = asyncio.current_task(plant.deadlines.loop)  # where it is not known yet, it is asked for
    assert task is not None  # noqa: S101 - a server calls from a task
    caller.on_leave(task.cancel)


def _when(error: HeadgateError) -> list[tuple[str, str]]:
    """When to try again; the official SDKs ignore a wait of over a minute and would try at once."""
    wait = error.retry_after if isinstance(error, RequestError) else None
    if wait is None:
        return []
    headers = [("retry-after", whole(wait))]
    return headers if wait <= LONGEST_WAIT else [*headers, ("x-should-retry", "false")]


def _tell(caller: Caller, path: str, followed: Followed | None, error: HeadgateError) -> None:
    """Answer with an error, in the dialect that the caller understands."""
    if followed is not None:
        followed.refused(error)
    headers = [JSON, *_when(error)]
    if isinstance(error, RequestError):
        headers += error.headers
    caller.respond(error.status, headers, refuse(_spoken(caller, path), error))


def _spoken(caller: Caller, path: str) -> str:
    """The dialect that an error is told in: the path's own, else that of the caller's SDK."""
    return DIALECTS.get(path) or ("anthropic" if _ANTHROPIC in caller.headers else "openai")


def _answer(caller: Caller, status: int, body: bytes) -> None:
    caller.respond(status, [JSON], body)
