"""demo: the whole loop holds, ends by itself, and leaves nothing behind."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from headgate.cli.demo import _sigterm_is_ctrl_c, answered, audited, routed
from headgate.testing.audit import Audit, AuditLine, Side
from headgate.testing.sample import SampleBrain, sample
from headgate.testing.traffic import Outcome
from headgate.values import Usage

DEMO = [sys.executable, "-c", "from headgate.cli.main import main; main()", "demo"]


SIDE = Side(3, Usage(input=10, output=5), 1_000_000_001)
EQUAL = Audit((AuditLine("acme/small", SIDE, SIDE),), 0)


def outcome(number: int, **fields) -> Outcome:
    whole = {"text": "yes", "finish": "stop", "tier": "cheap", "reason": "classifier"}
    return Outcome(number=number, streamed=False, seconds=0.1, **{**whole, **fields})


def test_books_that_agree_are_shown_to_the_nano_dollar(capsys):
    assert audited(EQUAL)
    assert "3 calls  $1.000000001 = $1.000000001" in capsys.readouterr().out


@pytest.mark.parametrize(
    "other",
    [
        msgspec.structs.replace(SIDE, nano=1_000_000_002),
        msgspec.structs.replace(SIDE, calls=4),
        msgspec.structs.replace(SIDE, nano=None),
    ],
)
def test_books_that_differ_do_not_hold(other, capsys):
    assert not audited(Audit((AuditLine("acme/small", SIDE, other),), 0))
    said = capsys.readouterr().out
    assert "✗" in said
    assert "≠" in said


def test_an_estimate_in_the_ledger_does_not_hold():
    assert not audited(msgspec.structs.replace(EQUAL, estimated=1))


def test_an_answer_that_never_ended_does_not_hold_and_is_shown(capsys):
    assert not answered([outcome(0), outcome(1, finish=None, error="APIError: gone")])
    said = capsys.readouterr().out
    assert "1 of 2 requests" in said
    assert "Request 1: APIError: gone" in said


def test_an_empty_answer_is_counted(capsys):
    assert answered([outcome(0), outcome(1, text="")])
    assert "Empty, as the provider gave them: 1." in capsys.readouterr().out


def test_a_request_on_the_wrong_tier_does_not_hold():
    requests = sample(30)
    judge = SampleBrain(classifiers=["judge"])
    tiers = ["premium" if judge.escalates(request.case) else "cheap" for request in requests]
    assert "premium" in tiers
    right = [outcome(number, tier=tier) for number, tier in enumerate(tiers)]
    assert routed(judge, requests, right)
    wrong = [outcome(0, tier="cheap" if tiers[0] == "premium" else "premium"), *right[1:]]
    assert not routed(judge, requests, wrong)
    failed = msgspec.structs.replace(wrong[0], reason="classifier-failed")
    assert routed(judge, requests, [failed, *right[1:]])


@contextmanager
def start(*options: str, home: Path) -> Iterator[subprocess.Popen[str]]:
    """A demo on its own, which ends with the block; its temporary files go to `home`."""
    with subprocess.Popen(
        [*DEMO, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(home), "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"},
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ports(home: Path) -> list[int]:
    """Where the demo's gateway and providers listen, by what it wrote below `home`."""
    [place] = (place for place in home.iterdir() if (place / "headgate.toml").exists())
    text = (place / "headgate.toml").read_text() + (place / "gateway.log").read_text()
    return sorted({int(port) for port in re.findall(r"http://127\.0\.0\.1:(\d+)", text)})


def silent(port: int) -> bool:
    """Whether nobody listens there, within a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            return True
        time.sleep(0.02)
    return False


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    with start("--requests", "40", home=home) as process:
        output, errors = process.communicate(timeout=120)
    return process.returncode, output, errors, home


def test_everything_holds_and_the_exit_code_says_so(finished):
    code, output, errors, _ = finished
    assert code == 0, output + errors
    assert "✗" not in output
    assert "40 of 40 requests were answered to the end" in output


def test_the_plan_is_shown_against_the_bill(finished):
    output = finished[1]
    assert output.index("$ headgate plan") < output.index("$ headgate report")
    assert "$130.20" in output
    assert "Why the bill is not the plan" in output


def test_the_bill_equals_what_the_providers_counted_to_the_nano_dollar(finished):
    lines = re.findall(r"(\S+) +\d+ calls +\$(\d+\.\d{9}) = \$(\d+\.\d{9})", finished[1])
    assert [model for model, _, _ in lines] == [
        "anthropic/claude-haiku-4-5",
        "anthropic/claude-sonnet-4-6",
        "google/gemini-2.5-flash",
    ]
    assert all(ledger == provider for _, ledger, provider in lines)


def test_it_says_that_nothing_is_real(finished):
    assert "simulated" in finished[1]
    assert "synthetic" in finished[1]


def test_progress_is_told_in_plain_lines_where_there_is_no_terminal(finished):
    assert finished[2].splitlines() == [
        f"Sending 40 requests with the openai SDK: {done}" for done in (10, 20, 30, 40)
    ]


def test_it_says_how_to_go_on(finished):
    assert "headgate demo --keep" in finished[1].splitlines()[-2]
    assert "headgate init" in finished[1].splitlines()[-1]


def test_its_temporary_files_go_away(finished):
    assert list(finished[3].iterdir()) == []


def test_the_same_seed_gives_the_same_bill(finished, tmp_path):
    with start("--requests", "40", "--dir", str(tmp_path / "d"), home=tmp_path) as process:
        output, _ = process.communicate(timeout=120)
    bill = re.compile(r"The bill of \$(\S+)")
    assert bill.findall(output) == bill.findall(finished[1])
    kept = {path.name for path in (tmp_path / "d").iterdir()}
    assert {"headgate.toml", "headgate.db", "gateway.log"} <= kept


def test_it_does_not_write_over_a_file_of_yours(tmp_path):
    (tmp_path / "headgate.toml").write_text("mine")
    with start("--dir", str(tmp_path), home=tmp_path) as process:
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "Name an empty directory" in errors
    assert (tmp_path / "headgate.toml").read_text() == "mine"


def test_a_directory_that_cannot_be_made_is_the_operators_fault(tmp_path):
    (tmp_path / "file").touch()
    with start("--dir", str(tmp_path / "file" / "d"), home=tmp_path) as process:
        _, errors = process.communicate()
    assert process.returncode == 2
    assert "file/d cannot be made: Not a directory. Name another with --dir." in errors


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_everything_at_once_and_cleans_up(tmp_path, signum):
    with start("--requests", "5000", home=tmp_path) as process:
        assert process.stdout is not None
        while "genai-prices" not in process.stdout.readline():
            assert process.poll() is None
        while len(listening := ports(tmp_path)) < 3:  # it prepares the traffic
            assert process.poll() is None
            time.sleep(0.05)
        time.sleep(0.5)  # and is well into it, unless the machine is slow
        os.killpg(process.pid, signum)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert len(listening) == 3
    assert all(map(silent, listening))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ignored", [False, True])
def test_sigterm_ends_traffic_between_two_of_its_steps_and_work_at_once(ignored):
    steps: list[str] = []

    async def traffic() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        steps.append("done")
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            steps.append("cancelled")
            raise

    def work() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)

    before = signal.signal(signal.SIGINT, signal.SIG_IGN if ignored else signal.default_int_handler)
    try:
        with _sigterm_is_ctrl_c():
            with pytest.raises(KeyboardInterrupt):
                work()
            if not ignored:
                with pytest.raises(KeyboardInterrupt):
                    asyncio.run(traffic())
                assert steps == ["done", "cancelled"]
    finally:
        signal.signal(signal.SIGINT, before)


def test_kept_up_it_can_be_looked_at_until_ctrl_c(tmp_path):
    with start("--requests", "8", "--keep", home=tmp_path) as process:
        assert process.stdout is not None
        text = ""
        while "_tally" not in text:
            line = process.stdout.readline()
            assert line, text
            text += line
        url = re.search(r"curl -s (http://\S+)/v1/models", text)
        assert url is not None
        with urllib.request.urlopen(f"{url[1]}/readyz") as answer:
            assert answer.status == 200
        pages = re.search(r"pages +http://127\.0\.0\.1:(\d+)", text)
        assert pages is not None
        with urllib.request.urlopen(f"http://127.0.0.1:{pages[1]}/") as answer:
            assert "8 routed requests" in answer.read().decode()
        listening = [*ports(tmp_path), int(pages[1])]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
    assert process.returncode == 0
    assert all(map(silent, listening))
    assert list(tmp_path.iterdir()) == []


def test_without_the_sdk_it_says_what_to_install():
    code = (
        "import sys; sys.modules['openai'] = None\n"
        "from headgate.cli.main import main; main(['demo'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert 'pip install "headgate[demo]"' in done.stderr
    assert done.stdout == ""
