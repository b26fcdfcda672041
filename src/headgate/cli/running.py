"""How each of the gateway's processes runs: where its log goes, and its event loop."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Coroutine
from typing import Any

__all__ = ["log_to_stderr", "run"]


def log_to_stderr() -> None:
    """Where a gateway's log goes."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run on uvloop where there is one (not on Windows): it halves the cost of a request."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(main)
    else:
        uvloop.run(main)
