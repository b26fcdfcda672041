"""Where the shared test data lies, for the tests that use it; they skip where it is missing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def shared_dir(*parts: str) -> Path:
    """The shared directory (or something below it); skips the calling test where there is none."""
    root = Path(os.environ.get("HEADGATE_SHARED", Path(__file__).parents[2] / "shared"))
    path = root.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs shared test data ({'/'.join(parts) or 'shared'}), which is not here")
    return path
