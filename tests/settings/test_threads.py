"""Settings are read by several threads of a new process at once, as pages and agents have them."""

from __future__ import annotations

import subprocess
import sys

AT_ONCE = """
import sys, threading
from headgate.settings import reader
sys.setswitchinterval(1e-6)
start = threading.Barrier(4)
def read():
    start.wait()
    reader.read_text(sys.argv[1])
threads = [threading.Thread(target=read) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
TEXT = """
[classifier]
kind = "rules"
[[classifier.rules]]
name = "proofs"
tier = "premium"
matches = "prove"
[tiers.cheap]
model = "anthropic/claude-haiku-4-5"
[tiers.premium]
model = "anthropic/claude-sonnet-4-6"
[escalation]
rate = 0.2
[providers.anthropic]
"""


def test_the_first_reading_may_be_of_four_threads_at_once():
    """It was a crash of the process, twelve times of twelve, while msgspec learned the fields."""
    read = [sys.executable, "-c", AT_ONCE, TEXT]
    ended = [subprocess.run(read, capture_output=True, text=True, check=False) for _ in range(3)]
    assert [(one.returncode, one.stderr) for one in ended] == [(0, "")] * 3
