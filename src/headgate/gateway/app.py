"""The gateway as an application: paths, admission of a request, health; one coroutine a request."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable

import msgspec

from headgate.errors import HeadgateError, InternalError, RequestError
from headgate.gateway.caller import Caller
from headgate.gateway.driver import JSON, Driver, Plant
from headgate.wire.lane import read, refuse

__all__ = ["App"]

log = logging.getLogger("headgate.gateway")

DIALECTS = {"/v1/chat/completions": "openai"}
"""Path -> dialect of its requests, and of the errors that are answered there."""

Action = Callable[["App", Caller], Awaitable[None]]


class App:
    """Answers requests; the `Handler` of a server.

    Args:
        plant: what requests share.
        new_id: makes a request id.
        max_body: longest request body in bytes; a longer one gets 413.
        max_requests: requests under way at once; one more gets 503 with Retry-After.
        api_key: what callers must send as `Authorization: Bearer …`; None: no key is asked for.
    """

    def __init__(
        self,
        plant: Plant,
        *,
        new_id: Callable[[], str],
        max_body: int,
        max_requests: int,
        api_key: str | None = None,
    ) -> None:
        self._plant = plant
        self._new_id = new_id
        self._max_body = max_body
        self._max_requests = max_requests
        self._under_way = 0
        self._api_key = None if api_key is None else api_key.encode()
        self.draining = False
        """Set before the server stops: readiness says no, and what is under way is finished."""

    async def __call__(self, caller: Caller) -> None:
        """Answer one request."""
        path = caller.path.rstrip("/")
        routes = _ROUTES.get(path)
        dialect = DIALECTS.get(path, "openai")
        try:
            if routes is None:
                raise RequestError(
                    f"There is nothing at `{path[:200]}`.",
                    status=404,
                    code="not_found",
                    fix="The gateway serves " + ", ".join(_ROUTES) + ".",
                )
            action = routes.get(caller.method)
            if action is None:
                raise RequestError(
                    f"`{caller.method[:20]}` is not allowed here.",
                    status=405,
                    code="method_not_allowed",
                    fix=f"Use {' or '.join(routes)}.",
                )
            await action(self, caller)
        except HeadgateError as error:
            _answer(caller, error.status, refuse(dialect, error))
        except ConnectionError:
            raise  # the caller has gone: nobody is left to tell
        except Exception:
            log.exception("a defect in headgate, please report it: request to %s", path[:200])
            defect = InternalError("Headgate failed inside.", fix="The log says more.")
            _answer(caller, defect.status, refuse(dialect, defect))

    # ---- handlers

    async def _chat(self, caller: Caller) -> None:
        self._authenticate(caller)
        dialect = DIALECTS[caller.path.rstrip("/")]
        if self._under_way >= self._max_requests:
            busy = RequestError(
                f"{self._max_requests} requests are under way, which is all this gateway takes.",
                status=503,
                code="overloaded",
                fix="Try again in a moment, or raise [server] max_requests.",
            )
            caller.respond(busy.status, [JSON, ("retry-after", "1")], refuse(dialect, busy))
            return
        self._under_way += 1
        try:
            await self._converse(caller, dialect)
        finally:
            self._under_way -= 1

    async def _converse(self, caller: Caller, dialect: str) -> None:
        body = await caller.body(self._max_body)
        inbound = read(dialect, body, caller.headers)
        driver = Driver(self._plant, caller, inbound, self._new_id(), caller.path)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a server calls from a task
        caller.on_leave(task.cancel)
        try:
            await driver.run()
        except (asyncio.CancelledError, ConnectionError):
            driver.leave("caller-left")
            raise
        except Exception:
            driver.leave("internal")
            raise

    async def _models(self, caller: Caller) -> None:
        self._authenticate(caller)
        names = self._plant.policy.names
        listing = [
            {"id": name, "object": "model", "created": 0, "owned_by": "headgate"} for name in names
        ]
        _answer(caller, 200, msgspec.json.encode({"object": "list", "data": listing}))

    async def _health(self, caller: Caller) -> None:
        _answer(caller, 200, b'{"status":"ok"}')

    async def _ready(self, caller: Caller) -> None:
        if self.draining:
            _answer(caller, 503, b'{"status":"draining"}')
        else:
            _answer(caller, 200, b'{"status":"ready"}')

    # ---- admission

    def _authenticate(self, caller: Caller) -> None:
        if self._api_key is None:
            return
        scheme, _, given = caller.headers.get("authorization", "").partition(" ")
        known = hmac.compare_digest(given.strip().encode(), self._api_key)
        if scheme.lower() != "bearer" or not known:
            raise RequestError(
                "The API key is missing or not valid.",
                status=401,
                code="invalid_api_key",
                fix="Send `Authorization: Bearer KEY` with this gateway's key.",
            )


_ROUTES: dict[str, dict[str, Action]] = {
    "/v1/chat/completions": {"POST": App._chat},  # noqa: SLF001 - the class's own table
    "/v1/models": {"GET": App._models},  # noqa: SLF001
    "/healthz": {"GET": App._health},  # noqa: SLF001
    "/readyz": {"GET": App._ready},  # noqa: SLF001
}


def _answer(caller: Caller, status: int, body: bytes) -> None:
    caller.respond(status, [JSON], body)
