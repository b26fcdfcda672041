"""A store that did not answer when it was to be opened: every call tries again, until it does."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, Protocol, TypeVar, cast

from headgate.errors import ConfigError
from headgate.ledger.store import StoreError

__all__ = ["RETRY_SECONDS", "opened_or_late"]

_log = logging.getLogger("headgate.ledger")

RETRY_SECONDS = 1.0
"""Between two tries; what is asked meanwhile is answered as the last one was."""


class _Closable(Protocol):
    def close(self) -> None:
        """Let go of it."""


_Opened = TypeVar("_Opened", bound=_Closable)


def opened_or_late(open_it: Callable[[], _Opened], *, behind: object = None) -> _Opened:
    """What `open_it` opens, or where that does not answer now, what will open it when it does.

    A gateway that restarts while a backup holds the database, or before its server is up, serves;
    its rows wait in the journal.

    Args:
        open_it: opens it, or raises StoreError.
        behind: another store of the same ledger, itself from here: while that one does not answer,
            this one is not tried, so that a start waits but once.

    Raises:
        ConfigError: it can never be opened.
    """
    if isinstance(behind, _Late) and behind.away is not None:
        return cast(_Opened, _Late(open_it, behind.away, behind))
    try:
        return open_it()
    except StoreError as error:
        _log.error("ledger.away: %s Rows wait in the journal until it answers.", error)
        return cast(_Opened, _Late(open_it, error, None))


class _Late:
    """Stands for it: every method is there, and raises StoreError as long as it does not answer."""

    def __init__(
        self, open_it: Callable[[], _Closable], error: StoreError, behind: _Late | None
    ) -> None:
        self._open = open_it
        self._error = error
        self._behind = behind
        self._tried = monotonic() if behind is None else float("-inf")
        self._opened: _Closable | None = None
        self._opening = threading.Lock()
        self._closed = False

    @property
    def away(self) -> StoreError | None:
        """Why it has not been opened yet; None once it is."""
        return self._error if self._opened is None else None

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)

        def call(*given: Any, **named: Any) -> Any:
            return getattr(self._now(), name)(*given, **named)

        return call

    def _now(self) -> _Closable:
        """It, opened.

        Raises:
            StoreError: it does not answer, or did not a moment ago.
        """
        if self._opened is not None:
            return self._opened
        if self._behind is not None and self._behind.away is not None:
            raise self._behind.away.with_traceback(None)
        if not self._opening.acquire(blocking=False):  # nobody waits for another one's try
            raise self._error.with_traceback(None)
        try:
            if self._opened is None:
                if self._closed or monotonic() - self._tried < RETRY_SECONDS:
                    raise self._error.with_traceback(None)  # it would grow with every raise
                self._opened = self._try()
                _log.warning("ledger.back: the ledger answers")
            return self._opened
        finally:
            self._opening.release()

    def _try(self) -> _Closable:
        try:
            return self._open()
        except StoreError as error:
            self._error = error
            raise
        except ConfigError as error:  # it was not so at the start: whoever asks expects no other
            self._error = StoreError(error.message, fix=error.fix)
            raise self._error from error
        finally:
            self._tried = monotonic()

    def close(self) -> None:
        """Close it if it was opened, and try no more."""
        with self._opening:
            self._closed = True
            if self._opened is not None:
                self._opened.close()
