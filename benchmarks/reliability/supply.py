"""Test 20: how little the package needs; importing it asks nobody; no page runs a text."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution, requires
from importlib.util import find_spec
from pathlib import Path

from benchmarks.reliability.outcome import Missing, Outcome

__all__ = ["distributions", "imports", "pages"]

MOST = 12
ROOT = Path(__file__).parents[2]
BROWSER = "tests/web/test_browser.py"
TESTS = ("test_nothing_that_a_caller_wrote_runs", "test_no_page_breaks_its_own_policy_or_is_large")
_NAME = re.compile(r"[A-Za-z0-9._-]+")

IMPORTING = """
import importlib, pkgutil, sys

asked = []

def listening(event, arguments):
    if event.startswith(("socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.Request",
                         "socket.gethostby", "http.client.connect", "subprocess.Popen")):
        asked.append(event)

sys.addaudithook(listening)
# planted
import headgate

names, missing = ["headgate"], []
for module in pkgutil.walk_packages(headgate.__path__, "headgate."):
    if module.name.endswith("__main__"):
        continue
    try:
        importlib.import_module(module.name)
    except Exception as error:  # an extra that is not installed says so
        missing.append(module.name)
    else:
        names.append(module.name)
print(len(names), len(missing), len(asked), *sorted(set(asked)))
"""


def _needed(name: str, found: set[str]) -> set[str]:
    """What a distribution needs here without any extra, itself included."""
    plain = name.lower().replace("_", "-")
    if plain in found:
        return found
    try:
        distribution(name)
    except PackageNotFoundError:
        return found  # for another system
    found.add(plain)
    for line in requires(name) or ():
        wanted, _, condition = line.partition(";")
        if "extra" not in condition and (match := _NAME.match(wanted)):
            _needed(match[0], found)
    return found


def distributions() -> Outcome:
    """What `pip install headgate` brings, and what the lock file of the core names."""
    installed = _needed("headgate", set())
    lines = (ROOT / "requirements" / "core.txt").read_text().splitlines()
    locked = {line.partition("==")[0].lower() for line in lines if re.match(r"[A-Za-z]", line)}
    found = installed | locked
    return Outcome(
        "the core install",
        "msgspec" in installed and len(found | {"headgate"}) <= MOST,
        f"{len(found)} distributions of at most {MOST}: {', '.join(sorted(found))}",
    )


def imports(planted: str = "") -> Outcome:
    """Every module of the package, in a process that listens for connections and look-ups.

    `planted` is Python that is run among them: what it asks for has to be found.
    """
    command = [sys.executable, "-W", "ignore", "-c", IMPORTING.replace("# planted", planted)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    modules, missing, asked = (int(word) for word in said[:3])
    what = f": {', '.join(said[3:])}" if asked else ""
    return Outcome(
        "every module imported",
        not asked and modules > 100 and missing <= modules // 20,
        f"{modules} modules, {asked} connections, look-ups and processes{what}; "
        f"{missing} not to be had without their extra",
    )


def pages() -> Outcome:
    """The tests of the pages in a browser: hostile texts, the policy, what is asked for elsewhere.

    Raises:
        Missing: there is no browser.
    """
    if find_spec("playwright") is None:
        raise Missing("pages in a browser: playwright is not installed")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs"]
    ran = subprocess.run(
        [*command, *(f"{BROWSER}::{name}" for name in TESTS)],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    last = (ran.stdout.strip().splitlines() or ["nothing was said"])[-1]
    if "skipped" in last and "passed" not in last:
        why = re.search(r"SKIPPED.*?: (.*)", ran.stdout)
        raise Missing(f"pages in a browser: {why[1] if why else 'they were skipped'}")
    return Outcome(
        "hostile texts as names on the pages, in a browser",
        ran.returncode == 0,
        f"none runs, no page breaks its policy or asks another address: {last}",
    )
