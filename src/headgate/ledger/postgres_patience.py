"""A connection to PostgreSQL that gives a server up which is there and says nothing.

A machine that vanishes is noticed by TCP (see `postgres`). A server that hangs, or a pooler that
holds questions back while it looks for another one, keeps a connection that answers nothing; and
who waits in it can neither store elsewhere nor end.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg.abc import PQGen

__all__ = ["ImpatientConnection", "SilentError", "impatient"]

_T = TypeVar("_T")


class SilentError(psycopg.OperationalError):
    """The server has said nothing for too long."""


class ImpatientConnection(psycopg.Connection[Any]):
    """A connection, as psycopg's; one that has waited in vain is closed."""

    patience: float | None = None
    """Seconds that the server may say nothing while it is waited for; None: as many as it likes."""

    def wait(self, gen: PQGen[_T], *args: Any, **more: Any) -> _T:
        """Wait for the server, as all that psycopg does on a connection."""
        if self.patience is None:
            return super().wait(gen, *args, **more)
        try:
            return super().wait(impatient(gen, self.patience), *args, **more)
        except SilentError:
            self.pgconn.finish()  # or the transaction's end would wait again
            raise


def impatient(
    gen: PQGen[_T], seconds: float, now: Callable[[], float] = time.monotonic
) -> PQGen[_T]:
    """What psycopg waits by, ended where nothing has come for so long.

    Raises:
        psycopg.OperationalError: nothing has.
    """
    since = now()
    try:
        state = next(gen)
        while True:
            ready = yield state
            if ready:
                since = now()
            elif now() - since >= seconds:
                raise SilentError(f"it has said nothing for {seconds:g} s")
            state = gen.send(ready)
    except StopIteration as end:
        result: _T = end.value
        return result
