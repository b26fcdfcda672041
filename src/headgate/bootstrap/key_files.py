"""Keys that stand in files: read at the start, and again when whoever renews them has written."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from headgate.gateway.provider import Provider
from headgate.settings.forms import Refusal
from headgate.settings.schema import ProviderSettings

__all__ = ["KeyFiles", "read_key"]

log = logging.getLogger("headgate.gateway")

POLL_SECONDS = 1.0
LONGEST = 64 * 1024
"""Bytes of a file that is taken for a key; a token with many claims has some 10,000."""


def read_key(path: str) -> str | Refusal:
    """The key that is all of a file but the white space around it, or why there is none.

    Who else may read the file is not asked: Docker and Kubernetes mount theirs readable by all in
    the container. What the file holds is never part of what is said.
    """
    try:
        if not Path(path).is_file():  # a pipe would be waited for
            there = Path(path).exists()
            return _unusable(path, "is no file" if there else "is not there", "Write the key to it")
        with Path(path).open("rb") as file:
            data = file.read(LONGEST + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "bad path"
        return _unusable(
            path, f"cannot be read: {reason}", "Let the user read it that Headgate runs as"
        )
    key = data.decode("utf-8-sig", "replace").strip()
    if not key:
        return _unusable(path, "is empty", "Write the key to it")
    if len(data) > LONGEST or not (key.isascii() and key.isprintable()) or " " in key:
        return _unusable(path, "holds more than a key", "Leave nothing but the key in it")
    return key


def _unusable(path: str, what: str, how: str) -> Refusal:
    return Refusal(f"The file {path}, which is to hold the key, {what}.", f"{how}.")


class KeyFiles:
    """Gives providers the keys that their files hold by now; calls under way keep theirs.

    It does not wait for the settings: a key is renewed also while a changed file of settings is
    refused, or where changes are not taken over at all. A key that cannot be read leaves the old.

    Args:
        entries: the providers' settings in effect.
        providers: the providers in effect, by name.
        renewed: told when one has been given another key.
    """

    def __init__(
        self,
        entries: Callable[[], tuple[ProviderSettings, ...]],
        providers: Callable[[], Mapping[str, Provider]],
        renewed: Callable[[], None] = lambda: None,
    ) -> None:
        self._entries = entries
        self._providers = providers
        self._renewed = renewed
        self._seen: dict[str, str | Refusal] = {}
        self._told: dict[str, Refusal] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look every second."""
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Read the files; what one holds counts when it is the same at two looks, so that one
        that is being written is not taken for what it will be.
        """
        paths = {entry.api_key_file for entry in self._entries() if entry.api_key_file}
        if not paths:
            return
        found = await asyncio.to_thread(lambda: {path: read_key(path) for path in paths})
        still = {path: one for path, one in found.items() if self._seen.get(path) == one}
        self._seen = found
        for entry in self._entries():  # others may be in effect by now
            if entry.api_key_file in still:
                self._take(entry.name, entry.api_key_file, still[entry.api_key_file])

    def _take(self, name: str, path: str, key: str | Refusal) -> None:
        if isinstance(key, Refusal):
            if self._told.get(name) != key:  # the same is told once
                self._told[name] = key
                log.error("provider %s keeps its key: %s %s", name, key.message, key.fix)
            return
        if self._told.pop(name, None) is not None:
            log.info("the key of provider %s can be read again", name)
        provider = self._providers()[name]
        if key != provider.api_key:
            provider.rekey(key)
            log.info("provider %s has another key, from %s", name, path)
            self._renewed()
