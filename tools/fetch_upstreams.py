"""Installs the mock providers that the strictest tests of the gateway call: two packages from npm.

They are no part of Headgate, and a machine without Node.js can do without: the tests that need them
say so and are skipped, except under CI=true, where nothing may be skipped.

    make upstreams       # or: python tools/fetch_upstreams.py
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

__all__ = ["FetchError", "directory", "fetch", "main", "must_have"]

LOCKED = Path(__file__).parent / "upstreams"
"""The versions and their hashes."""
FILES = ("package.json", "package-lock.json")
TIMEOUT_SECONDS = 600.0


class FetchError(Exception):
    """They could not be installed, and why."""


def directory(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the locked versions are kept, or would be; worktrees share it."""
    digest = hashlib.sha256(b"".join((LOCKED / name).read_bytes() for name in FILES)).hexdigest()
    cache = environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "headgate" / f"upstreams-{digest[:16]}"


def must_have(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a test may not be skipped for want of them."""
    return environ.get("CI", "").lower() in ("1", "true")


def fetch(target: Path, npm: str | None, timeout: float = TIMEOUT_SECONDS) -> bool:
    """Install into `target` unless it is there; whether there was something to do.

    The directory appears whole or not at all, so that an interrupted run is simply repeated.

    Raises:
        FetchError: npm is not here, or failed.
    """
    if target.is_dir():
        return False
    if npm is None:
        raise FetchError("npm is not installed")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="fetching-") as made:
        place = Path(made) / "installed"
        place.mkdir()
        for name in FILES:
            shutil.copy(LOCKED / name, place)
        # no scripts: an installation runs nothing of what it has fetched
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
        try:
            done = subprocess.run(
                [npm, "ci", *quiet],
                check=False,
                cwd=place,
                capture_output=True,
                text=True,
                timeout=timeout,
            )
        except subprocess.TimeoutExpired:
            raise FetchError(f"npm did not end within {timeout:g} s") from None
        if done.returncode != 0:
            raise FetchError(f"npm ci failed: {(done.stderr or done.stdout).strip()[-500:]}")
        try:
            place.rename(target)
        except OSError:  # another run was quicker
            if not target.is_dir():
                raise
    return True


def main() -> int:
    """Fetch, and say what came of it; 1 only where they must be there."""
    target = directory()
    try:
        if not target.is_dir():
            print("fetching the mock providers (110 MB, once) …", file=sys.stderr)
        fetch(target, shutil.which("npm") if shutil.which("node") else None)
    except FetchError as error:
        print(f"no mock providers, their tests will be skipped: {error}", file=sys.stderr)
        return 1 if must_have() else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
