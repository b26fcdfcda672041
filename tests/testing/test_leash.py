"""leash: a process ends when its parent does, however that came about."""

import signal
import subprocess
import sys

LEASHED = [sys.executable, "-m", "headgate.testing.leash"]
PROVIDER = ["headgate.testing.provider", "--dialect", "openai", "--model", "small"]


def test_a_module_runs_on_the_leash_with_its_own_arguments():
    process = subprocess.Popen(
        [*LEASHED, "headgate.testing.provider", "--help"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert "Run a simulated provider" in process.stdout.read()
        assert process.wait(60) == 0


def test_a_function_runs_on_the_leash_and_its_answer_is_the_exit_code():
    process = subprocess.Popen(
        [*LEASHED, "headgate.cli.main:main", "--version"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert "headgate" in process.stdout.read()
        assert process.wait(60) == 0


def test_it_ends_when_the_other_end_of_its_input_closes():
    process = subprocess.Popen(
        [*LEASHED, *PROVIDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert '"address"' in process.stdout.readline()
        assert process.poll() is None
        process.stdin.close()
        assert process.wait(60) == 0


def test_it_ends_when_its_parent_is_killed():
    parent_code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "print(child.stdout.readline().decode(), flush=True)\n"
        "time.sleep(60)\n"
    )
    # the child inherits the parent's error output, which ends only when both are gone
    parent = subprocess.Popen(
        [sys.executable, "-c", parent_code, *LEASHED, *PROVIDER],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        assert '"address"' in parent.stdout.readline()
        parent.send_signal(signal.SIGKILL)
        _, errors = parent.communicate(timeout=60)
    assert errors == ""


def test_without_a_module_it_says_how_it_is_used():
    done = subprocess.run(LEASHED, capture_output=True, text=True, check=False)
    assert (done.returncode, "usage:" in done.stderr) == (1, True)
