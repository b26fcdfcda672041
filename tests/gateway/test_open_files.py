"""Open files: as many as the system allows, and never blamed on a provider."""

from __future__ import annotations

import json
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from headgate.gateway.open_files import (
    RESERVED,
    connections_within,
    out_of_files,
    requests_within,
    too_few_files,
)

RAISED = """
import json, os, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 300))
from headgate.gateway.open_files import allow_most
said = allow_most()
print(json.dumps([said, *resource.getrlimit(resource.RLIMIT_NOFILE), os.dup(1)]))
"""


def test_the_soft_limit_becomes_the_hard_one_and_no_file_is_left_open():
    ran = subprocess.run([sys.executable, "-c", RAISED], capture_output=True, check=True, text=True)
    said, soft, hard, next_free = json.loads(ran.stdout)
    assert (said, soft, hard) == (300, 300, 300)
    assert next_free < 10


@given(st.integers(0, 1 << 40))
def test_each_request_has_a_file_to_either_side_and_the_rest_is_kept_free(files: int):
    requests = requests_within(files)
    assert requests >= 1
    assert requests == 1 or 2 * requests + RESERVED <= files < 2 * (requests + 1) + RESERVED


@given(st.integers(RESERVED + 2, 1 << 40))
def test_all_connections_of_callers_and_all_calls_leave_files_for_the_rest(files: int):
    calls, connections = requests_within(files), connections_within(files)
    assert connections > calls
    assert files - calls - connections >= RESERVED // 2


def test_it_says_whose_fault_it_is_and_what_to_do():
    error = out_of_files()
    assert (error.status, error.kind) == (503, "overloaded")
    for said in (str(error.fix), too_few_files(462)):
        assert "ulimit -n" in said
        assert "max_requests" in said
