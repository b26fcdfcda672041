"""What the sidecar tells the gateway, as messages."""

from __future__ import annotations

import msgspec

from headgate.monitor.gauges import Values

__all__ = ["Gauges", "Said", "gauges_of"]

Gauges = dict[str, list[tuple[tuple[str, ...], float]]]
"""`Values` as a message: its keys are no text."""


class Said(msgspec.Struct):
    """One message."""

    gauges: Gauges = {}
    """What the watch's gauges show; empty where nobody has looked since."""
    failed: int = 0
    """Times that the store failed since this was last said."""
    dropped: int = 0
    """Prompts that the store can never hold, since this was last said."""


def gauges_of(values: Values) -> Gauges:
    """What the watch's gauges show, as a part of a message."""
    return {name: list(labelled.items()) for name, labelled in values.items()}
