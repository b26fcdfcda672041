"""The admin port: a table of handlers that other rooms fill, and one token in front of them."""

from __future__ import annotations

import logging
from typing import Literal, NamedTuple

from headgate.access.token import carries
from headgate.errors import HeadgateError, InternalError, RequestError
from headgate.gateway.caller import Caller, Handler
from headgate.wire.lane import refuse

__all__ = ["Access", "Admin"]

log = logging.getLogger("headgate.gateway")

Access = Literal["token", "own", "open"]
"""Who asks for what: `token`, the admin port itself asks for its token (the rule); `own`, the
handler asks, in its own way (pages with a login and a cookie); `open`, nobody asks (health)."""

_JSON = ("content-type", "application/json")
_PRIVATE = ("cache-control", "no-store")


class _Mount(NamedTuple):
    handler: Handler
    access: Access


class Admin:
    """Answers requests on the admin port; the `Handler` of a server.

    What is not mounted is answered as if the token were missing, so that nobody without it learns
    what there is.

    Args:
        token: what requests must carry as `Authorization: Bearer …` or as `x-api-key`.

    Raises:
        ValueError: the token is empty.
    """

    def __init__(self, token: str) -> None:
        if not token:
            raise ValueError("the admin port needs a token")
        self._token = token.encode()
        self._exact: dict[str, _Mount] = {}
        self._below: dict[str, _Mount] = {}

    @property
    def paths(self) -> dict[str, Access]:
        """Every path that something answers, and who asks for the token there."""
        mounts = sorted((self._exact | self._below).items())
        return {path: mount.access for path, mount in mounts}

    def mount(self, path: str, handler: Handler, *, access: Access = "token") -> None:
        """Let a handler answer a path, or, where it ends with a slash, all that lies below it.

        The longest path that fits is the one that answers. `/` answers what nothing else does.

        Raises:
            ValueError: something answers it already, or it does not begin with a slash.
        """
        table = self._below if path.endswith("/") else self._exact
        if not path.startswith("/") or path in table:
            raise ValueError(f"{path} cannot be mounted")
        table[path] = _Mount(handler, access)

    def admits(self, caller: Caller) -> bool:
        """Whether the request carries the admin token in a header."""
        return carries(caller.headers, self._token)

    async def __call__(self, caller: Caller) -> None:
        """Answer one request."""
        try:
            mount = self._mount(caller.path)
            if (mount is None or mount.access == "token") and not self.admits(caller):
                raise RequestError(
                    "The admin token is missing or not valid.",
                    status=401,
                    code="invalid_admin_token",
                    fix="Send `Authorization: Bearer TOKEN`; `headgate serve` says at its start "
                    "where the token lies.",
                )
            if mount is None:
                raise RequestError(
                    "There is nothing at this path of the admin port.",
                    status=404,
                    code="not_found",
                    fix="It serves " + ", ".join(self.paths) + ".",
                )
            await mount.handler(caller)
        except HeadgateError as error:
            _refuse(caller, error)
        except ConnectionError:
            raise  # the caller has gone: nobody is left to tell
        except Exception:
            log.exception("a defect in headgate, please report it: admin %s", caller.path[:200])
            _refuse(caller, InternalError("Headgate failed inside.", fix="The log says more."))

    def _mount(self, path: str) -> _Mount | None:
        found = self._exact.get(path)
        end = len(path)
        while found is None and (end := path.rfind("/", 0, end)) >= 0:
            found = self._below.get(path[: end + 1])
        return found


def _refuse(caller: Caller, error: HeadgateError) -> None:
    headers = [_JSON, _PRIVATE]
    if error.status == 401:
        headers.append(("www-authenticate", 'Bearer realm="headgate"'))
    caller.respond(error.status, headers, refuse("openai", error))
