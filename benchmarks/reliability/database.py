"""A PostgreSQL that can be stopped and started again; carried by the package pgserver."""

from __future__ import annotations

import warnings
from pathlib import Path
from types import TracebackType
from typing import Any, Self

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pgserver
    from pgserver._commands import pg_ctl  # type: ignore[attr-defined] # made at run time

__all__ = ["Database"]


class Database:
    """A server of our own; its socket and its data stay where they are over a stop."""

    def __init__(self, data: Path) -> None:
        self._server: Any = pgserver.get_server(data)  # type: ignore[attr-defined]
        self._data = data
        self.url = self._server.get_uri().replace(":@", "@")

    def stop(self) -> None:
        """As an administrator would: connections are ended, not waited for."""
        pg_ctl(["-w", "-m", "fast", "stop"], pgdata=self._data, user=self._server.system_user)

    def start(self) -> None:
        """Start it again on the same socket."""
        socket = self.url.rpartition("host=")[2]
        options = [
            "-w",
            "-o",
            '-h ""',
            "-o",
            f"-k {socket}",
            "-l",
            str(self._data / "log"),
            "start",
        ]
        pg_ctl(options, pgdata=self._data, user=self._server.system_user)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.cleanup()
