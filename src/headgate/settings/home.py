"""Where a user's own data lies: the directory that the XDG base directory specification names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

__all__ = ["data_home"]


def data_home(env: Mapping[str, str]) -> Path | None:
    """Headgate's directory below XDG_DATA_HOME, by default below ~/.local/share.

    None where the environment names no home: there is nothing to be found then. A path that is not
    absolute is ignored, as the specification asks.
    """
    named = env.get("XDG_DATA_HOME", "")
    if named and Path(named).is_absolute():
        return Path(named) / "headgate"
    home = env.get("HOME") or env.get("USERPROFILE") or ""
    return Path(home) / ".local" / "share" / "headgate" if Path(home).is_absolute() else None
