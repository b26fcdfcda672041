"""Puts the client for platforms before the plain one, where a provider of the file is on one."""

from __future__ import annotations

from headgate.gateway.upstream import Upstream
from headgate.settings.schema import Settings

__all__ = ["platformed"]


def platformed(settings: Settings, upstream: Upstream) -> Upstream:
    """The client that the file's providers need; nobody else pays for it with a call more.

    One that is such a client already, as after a reload, stays what it is.
    """
    if not any(entry.platform for entry in settings.providers):
        return upstream
    from headgate.gateway.platformed import Platformed

    return upstream if isinstance(upstream, Platformed) else Platformed(upstream)
