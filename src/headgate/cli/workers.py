"""Several processes on one port: the parent's side, and the place of one among them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from headgate.bootstrap.admin import AdminToken, admin_token
from headgate.bootstrap.gateway import need_keys
from headgate.errors import ConfigError
from headgate.gateway.private_directory import hold, private_directory
from headgate.gateway.supervisor import READY, Supervisor, reserve
from headgate.monitor.metrics import MULTIPROCESS
from headgate.settings import Reading, split_address

__all__ = ["Place", "supervise"]

TOKEN = "HEADGATE_WORKERS_TOKEN"  # noqa: S105 - the name of a variable
"""Through it a token that is kept nowhere reaches the worker with the admin port."""

Announce = Callable[[Sequence[str], Reading, AdminToken | None], None]


class Place(NamedTuple):
    """One worker among several: its number, and its ends of the pipes to the parent."""

    number: int
    ready: int
    lifeline: int

    @staticmethod
    def hold_metrics() -> None:
        """Keep the directory of the workers' metrics, should the parent be killed before us."""
        if MULTIPROCESS in os.environ:
            hold(Path(os.environ[MULTIPROCESS]))

    def report(self, *_: str) -> None:
        """Tell the parent that this worker serves."""
        os.write(self.ready, READY)
        os.close(self.ready)


def supervise(
    config: Path | None, sets: Sequence[str], reading: Reading, announce: Announce
) -> int:
    """Serve with as many workers as the settings say, until told to stop; returns the exit code.

    The first worker has the admin port, and answers `/metrics` for all of them.

    Args:
        config: the file as the command was given it.
        sets: its `--set` options; what the parent has settled is added for the workers.
        announce: told once, when all workers serve.

    Raises:
        ConfigError: a key is missing, or an address cannot be bound.
    """
    server = reading.settings.server
    need_keys(reading.settings, os.environ)
    settled, env = [*sets], dict(os.environ)
    with ExitStack() as held:
        if MULTIPROCESS not in env:
            env[MULTIPROCESS] = str(held.enter_context(_for_metrics()))
        urls, token = [], None
        for name, address in (("listen", server.listen), ("admin", server.admin)):
            if address:
                settled.append(f"server.{name}={held.enter_context(_reserved(name, address))}")
                urls.append(f"http://{settled[-1].partition('=')[2]}")
        if server.admin:
            token = admin_token(reading.settings, os.environ)
            if token.origin == "memory":
                env[TOKEN] = token.value
                settled.append(f"server.admin_token_env={TOKEN}")
        options = [] if config is None else ["--config", str(config)]
        options += [word for value in settled for word in ("--set", value)]

        def command(*place: int) -> list[str]:
            numbers = map(str, place)
            return [sys.executable, "-m", "headgate.cli.worker", *numbers, *options]

        patience = server.drain_notice + server.drain_seconds
        workers = Supervisor(command, server.workers, drain_seconds=patience, env=env)
        return workers.run(lambda: announce(urls, reading, token))


@contextmanager
def _for_metrics() -> Iterator[Path]:
    with ExitStack() as made:
        try:
            folder = made.enter_context(private_directory("workers"))
        except OSError as error:
            raise ConfigError(
                f"No directory can be made in that for temporary files: {error}.",
                fix="Set TMPDIR to a directory that can be written to.",
            ) from error
        yield folder


@contextmanager
def _reserved(name: str, address: str) -> Iterator[str]:
    """The address, its port a real one, kept for the workers."""
    parts = split_address(address)
    assert parts is not None  # noqa: S101 - the settings have been checked
    with ExitStack() as held:
        try:
            host, port = held.enter_context(reserve(*parts))
        except OSError as error:
            raise ConfigError(
                f"Cannot listen on {address}: {error.strerror or error}.",
                fix=f"Stop what uses it, or set another [server] {name}.",
            ) from error
        yield f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
