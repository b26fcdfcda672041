"""How many files a serving process may have open: each request needs two, one to either side."""

from __future__ import annotations

import errno
import os
import resource
from contextlib import suppress
from fcntl import F_DUPFD, fcntl

from headgate.errors import UpstreamError

__all__ = [
    "OUT_OF_FILES",
    "allow_most",
    "connections_within",
    "out_of_files",
    "requests_within",
    "too_few_files",
]

OUT_OF_FILES = frozenset({errno.EMFILE, errno.ENFILE})
RESERVED = 100
"""For all that is no request's: ledger, journal, ports, the process beside, idle connections."""
AT_ONCE = 4096
"""Entries that the kernel's table of open files gets at the start."""


def allow_most() -> int:
    """Raise the soft limit of open files to the hard one; what may be open now is returned.

    Most systems start a process with 1,024, for the sake of programs that wait with `select`.

    The kernel's table grows by doubling, and in a process with threads each growth waits for all
    processors, 10 to 16 ms in which nobody is served. So it is made large at once.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # macOS says "no limit" and takes none so high
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    if soft == resource.RLIM_INFINITY:
        return AT_ONCE * AT_ONCE
    with suppress(OSError):
        os.close(fcntl(2, F_DUPFD, min(soft, AT_ONCE) - 1))
    return soft


def requests_within(files: int) -> int:
    """Requests that may be under way at once where so many files may be open; at least 1."""
    return max(1, (files - RESERVED) // 2)


def connections_within(files: int) -> int:
    """Connections of callers that may be open at once where so many files may be; at least 51.

    More than requests: some are idle, and a health check finds room beside requests.
    """
    return requests_within(files) + RESERVED // 2


def too_few_files(requests: int) -> str:
    """What is said where [server] max_requests is more than the open files allow."""
    return (
        f"This process may have too few files open for [server] max_requests, and takes {requests} "
        "at once. Allow it more (`ulimit -n`, LimitNOFILE=: two for each request and 100), or "
        "lower max_requests."
    )


def out_of_files() -> UpstreamError:
    """No connection can be opened, and that is no provider's fault."""
    return UpstreamError(
        "This gateway has as many files open as it may.",
        kind="overloaded",
        status=503,
        fix="Try again in a moment; allow it more (`ulimit -n`, LimitNOFILE=), or lower "
        "[server] max_requests.",
    )
