"""Puts the client for platforms before the plain one, where a provider of the file is on one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.gateway.upstream import Upstream
from headgate.settings.schema import ProviderSettings, Settings

if TYPE_CHECKING:
    from headgate.wire.platforms import Platform

__all__ = ["platform_of", "platformed"]


def platform_of(entry: ProviderSettings) -> Platform | None:
    """What a provider of the file is served on; None: its dialect is spoken to it plainly."""
    if entry.platform is None:
        return None
    from headgate.wire.platforms import PLATFORMS

    return PLATFORMS[entry.platform]


def platformed(settings: Settings, upstream: Upstream) -> Upstream:
    """The client that the file's providers need; nobody else pays for it with a call more.

    One that is such a client already, as after a reload, stays what it is.
    """
    if not any(entry.platform for entry in settings.providers):
        return upstream
    from headgate.gateway.platformed import Platformed

    return upstream if isinstance(upstream, Platformed) else Platformed(upstream)
