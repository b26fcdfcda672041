"""processes: children are ready when they are said to be, and none is left behind."""

import os
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from headgate.testing.processes import Child, ChildError, Children

OPENAI = ("--dialect", "openai", "--model", "small")


def never(_child: Child) -> bool:
    return False


def test_a_provider_answers_as_soon_as_it_is_started():
    with Children() as children:
        child = children.provider("one", *OPENAI)
        with urllib.request.urlopen(f"{child.address}/_tally") as answer:
            assert answer.status == 200


def test_leaving_the_block_stops_all_children_and_removes_their_logs():
    with Children() as children:
        one = children.provider("one", *OPENAI)
        two = children.provider("two", *OPENAI)
        directory = children.directory
        assert one.alive
        assert two.alive
        assert one.address != two.address
    assert (one.process.returncode, two.process.returncode) == (0, 0)
    assert not directory.exists()


def test_logs_stay_in_a_directory_that_was_given(tmp_path):
    with Children(tmp_path) as children:
        children.provider("one", *OPENAI)
    assert '"address"' in (tmp_path / "one.log").read_text()


def test_a_child_that_ends_early_is_reported_with_its_last_words():
    with Children() as children, pytest.raises(ChildError) as caught:
        children.provider("broken", "--dialect", "klingon", "--model", "small")
    assert "broken ended with exit code 2" in str(caught.value)
    assert "klingon" in str(caught.value)


def test_a_child_that_is_never_ready_is_given_up_and_stopped():
    with Children() as children, pytest.raises(ChildError, match=r"not ready within 0\.2 s"):
        children.start("slow", ["http.server", "0"], ready=never, timeout=0.2)


def test_a_child_that_does_not_listen_to_reason_is_killed(tmp_path):
    deaf = tmp_path / "deaf.py"
    deaf.write_text(
        "import signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('deaf', flush=True)\n"
        "time.sleep(60)\n"
    )
    with Children(tmp_path) as children:
        child = children.start(
            "deaf",
            ["deaf"],
            environment={"PYTHONPATH": str(tmp_path)},
            ready=lambda child: "deaf" in child.log.read_text(),
        )
        assert child.stop(grace=0.1) == -signal.SIGKILL


def test_a_port_that_is_taken_is_said_in_a_sentence():
    with Children() as children:
        first = children.provider("first", *OPENAI)
        port = first.address.rpartition(":")[2]
        with pytest.raises(ChildError, match="cannot listen on"):
            children.provider("second", *OPENAI, "--port", port)


GATEWAY = """
[classifier]
kind = "none"
[tiers.cheap]
model = "acme/small"
[tiers.premium]
model = "acme/large"
[providers.acme]
dialect = "openai"
base_url = "{address}/v1"
api_key_env = "HEADGATE_TEST_ACME_KEY"
[server]
listen = "127.0.0.1:0"
admin = ""
[ledger]
url = "memory:"
"""


def test_a_gateway_is_ready_when_it_is_started_and_reaches_its_provider(tmp_path):
    config = tmp_path / "headgate.toml"
    with Children() as children:
        provider = children.provider("acme", *OPENAI, "--key", "right")
        config.write_text(GATEWAY.format(address=provider.address))
        gateway = children.gateway(config, {"HEADGATE_TEST_ACME_KEY": "right"})
        body = b'{"model": "cheap", "messages": [{"role": "user", "content": "good morning"}]}'
        status, answer = gateway.fetch("/v1/chat/completions", "POST", body)
        assert (status, b"good morning" in answer) == (200, True)
        assert provider.tally().billed["small"].calls == 1


def test_a_gateway_that_cannot_start_is_reported_with_its_own_sentence(tmp_path):
    config = tmp_path / "headgate.toml"
    config.write_text(GATEWAY.format(address="http://127.0.0.1:1"))
    with Children() as children, pytest.raises(ChildError, match="HEADGATE_TEST_ACME_KEY"):
        children.gateway(config, {})


def test_ctrl_c_reaches_the_parent_alone_which_then_stops_its_children(tmp_path):
    script = (
        "import pathlib, sys, time\n"
        "from headgate.testing.processes import Children\n"
        "with Children(pathlib.Path(sys.argv[1])) as children:\n"
        "    child = children.provider('one', '--dialect', 'openai', '--model', 'small')\n"
        "    print(child.process.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        os.killpg(parent.pid, signal.SIGINT)
        assert parent.wait(60) != 0
    assert ended(pid)


def ended(pid: int) -> bool:
    """Whether the process is gone within a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False
