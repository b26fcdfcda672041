"""Ends this process when its parent is gone, however the parent ended.

The parent holds the other end of our standard input and never writes to it: when the parent ends,
even by kill -9, the operating system closes the pipe, and we read its end. That needs no signal
numbers, works on every system, and cannot mistake a stranger for the parent.

    python -m headgate.testing.leash MODULE ARGUMENTS...
    python -m headgate.testing.leash MODULE:FUNCTION ARGUMENTS...

run any module or function so, unaware of it.
"""

from __future__ import annotations

import importlib
import os
import runpy
import signal
import sys
import threading

__all__ = ["hold"]


def hold() -> None:
    """From now on, send this process a SIGTERM once standard input ends."""
    threading.Thread(target=_watch, name="leash", daemon=True).start()


def _watch() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Run what the first argument names with the rest as its own."""
    if len(sys.argv) < 2:
        sys.exit("usage: python -m headgate.testing.leash MODULE[:FUNCTION] [ARGUMENT...]")
    hold()
    del sys.argv[0]
    module, _, function = sys.argv[0].partition(":")
    if function:
        sys.exit(getattr(importlib.import_module(module), function)())
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
