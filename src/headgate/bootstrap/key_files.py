"""Keys in files that somebody renews: looked at every second, and given to their providers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress

from headgate.bootstrap.variables import read_key
from headgate.gateway.provider import Provider
from headgate.settings.forms import Refusal
from headgate.settings.schema import ProviderSettings

__all__ = ["KeyFiles"]

log = logging.getLogger("headgate.gateway")

POLL_SECONDS = 1.0


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
        self._failing: type[Exception] | None = None

    @property
    def unreadable(self) -> int:
        """How many providers keep a key because the file of it cannot be read now."""
        return len(self._told)

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
            try:
                await self.look()
            except Exception as error:
                if self._failing is not type(error):  # the same is told once
                    self._failing = type(error)
                    log.exception("the key files cannot be looked at; the next look is in a second")
            else:
                self._failing = None

    async def look(self) -> None:
        """Read the files; what one holds counts when it is the same at two looks, so that one
        that is being written is not taken for what it will be.
        """
        filed = {one.name: one.api_key_file for one in self._entries() if one.api_key_file}
        paths = set(filed.values())
        self._told = {name: why for name, why in self._told.items() if name in filed}
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
