"""Which graded rows belong together: those of one conversation, or of one request."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headgate.analysis.rows import GradedRow

__all__ = ["groups_of"]


def groups_of(rows: Sequence[GradedRow]) -> np.ndarray | None:
    """The number of each row's conversation, or of its id; None where no two rows share one."""
    numbers: dict[str | int, int] = {}
    found = [
        numbers.setdefault(row.conversation or row.id or at, len(numbers))
        for at, row in enumerate(rows)
    ]
    return np.array(found) if len(numbers) < len(rows) else None
