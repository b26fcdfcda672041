"""The front door: what it imports, what it says, and the code it ends with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from headgate.cli.main import COMMANDS, HEADINGS, Entry, cli, main
from headgate.errors import ConfigError, InternalError


def run(*args: str, env: dict[str, str] | None = None, cwd: Path | None = None, code: str = ""):
    """`headgate ARGS` in a process of its own; `code` runs before."""
    program = f"import sys\n{code}\nfrom headgate.cli.main import main\nmain(sys.argv[1:])"
    return subprocess.run(
        [sys.executable, "-c", program, *args],
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"]} | (env or {}),
    )


@pytest.fixture
def failing() -> Iterator[dict[str, Exception]]:
    """A command `fail` that raises what the test puts under "error"."""
    box: dict[str, Exception] = {}

    @click.command()
    def fail() -> int:
        if box:
            raise box["error"]
        return 1

    sys.modules[__name__].__dict__["fail"] = fail
    COMMANDS["fail"] = Entry(f"{__name__}:fail", "Fails.")
    yield box
    del COMMANDS["fail"]


def ended(args: Sequence[str]) -> int:
    with pytest.raises(SystemExit) as caught:
        main(list(args))
    assert isinstance(caught.value.code, int)
    return caught.value.code


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_the_command_says_of_itself(name: str):
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.name == name
    assert command.get_short_help_str(200) == COMMANDS[name].help


def test_help_lists_every_command_with_its_line():
    output = CliRunner().invoke(cli, ["--help"]).output
    for name, entry in COMMANDS.items():
        assert name in output
        assert entry.help.split()[0] in output


def test_who_asks_for_nothing_is_told_where_to_begin():
    told = run().stderr.partition("Options:")[0]
    begin = [line.split()[1] for line in told.splitlines() if line.startswith("    headgate ")]
    assert begin == ["demo", "plan", "init"]
    assert set(begin) <= set(COMMANDS)


def test_help_groups_the_commands_and_aligns_the_groups():
    lines = CliRunner().invoke(cli, ["--help"]).output.splitlines()
    at = [lines.index(f"{heading}:") for heading in HEADINGS.values()]
    assert at == sorted(at)
    for place, first in zip(at, HEADINGS, strict=True):
        assert lines[place + 1].split()[0] == first
    assert "Commands:" not in lines
    columns = {
        line.index(COMMANDS[line.split()[0]].help.split()[0])
        for line in lines
        if line.startswith("  ") and line.split()[0] in COMMANDS
    }
    assert len(columns) == 1


@pytest.mark.parametrize("flag", ["-h", "--help", "--version"])
def test_help_and_version_end_well_and_import_no_command(flag: str):
    code = "import atexit\natexit.register(lambda: print(*sorted(sys.modules), file=sys.stderr))"
    done = run(flag, code=code)
    assert done.returncode == 0
    imported = set(done.stderr.split())
    assert "headgate.cli.main" in imported
    heavy = {"asyncio", "rich", "msgspec", "headgate.settings", "headgate.gateway", "sqlite3"}
    assert not imported & (heavy | {entry.target.split(":")[0] for entry in COMMANDS.values()})


def test_a_slip_in_a_commands_name_is_guessed(capsys: pytest.CaptureFixture[str]):
    assert ended(["chekc"]) == 2
    assert "Did you mean `headgate check`?" in capsys.readouterr().err


def test_an_unknown_command_gets_the_list(capsys: pytest.CaptureFixture[str]):
    assert ended(["zzzz"]) == 2
    assert f"There are: {', '.join(COMMANDS)}." in capsys.readouterr().err


def test_an_unknown_option_is_wrong_use(capsys: pytest.CaptureFixture[str]):
    assert ended(["check", "--nonsense"]) == 2
    assert "--nonsense" in capsys.readouterr().err


def test_a_commands_number_is_the_exit_code(failing: dict[str, Exception]):
    assert ended(["fail"]) == 1


def test_an_error_of_ours_is_a_sentence(
    failing: dict[str, Exception], capsys: pytest.CaptureFixture[str]
):
    failing["error"] = ConfigError("It is wrong.", fix="Mend it.")
    assert ended(["fail"]) == 2
    assert capsys.readouterr().err == "headgate: It is wrong. Mend it.\n"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort(), EOFError()])
def test_an_interruption_is_quiet(
    failing: dict[str, BaseException], capsys: pytest.CaptureFixture[str], error: BaseException
):
    failing["error"] = error
    assert ended(["fail"]) == 130
    assert capsys.readouterr().err.strip() == ""


def test_a_defect_is_one_sentence_without_the_message_that_may_hold_a_secret(
    failing: dict[str, Exception], capsys: pytest.CaptureFixture[str]
):
    failing["error"] = ValueError("hunter22")
    assert ended(["fail"]) == 70
    told = capsys.readouterr().err
    assert told.startswith(
        "headgate: a defect of Headgate, not of yours: ValueError in cli/main.py:"
    )
    assert "HEADGATE_DEBUG=1" in told
    assert "hunter22" not in told
    assert "Traceback" not in told


def test_a_defect_that_we_name_ourselves_is_a_defect_all_the_same(
    failing: dict[str, Exception], capsys: pytest.CaptureFixture[str]
):
    failing["error"] = InternalError("The books do not balance.")
    assert ended(["fail"]) == 70
    assert "The books do not balance." in capsys.readouterr().err


def test_the_traceback_of_a_defect_is_there_for_who_asks():
    code = (
        "import headgate.cli.main as door\n"
        "door.COMMANDS['fail'] = door.Entry('nowhere:fail', 'Fails.')"
    )
    done = run("fail", env={"HEADGATE_DEBUG": "1"}, code=code)
    assert done.returncode == 70
    assert "Traceback" in done.stderr
    assert "nowhere" in done.stderr


def test_a_reader_that_leaves_early_is_no_fault(tmp_path: Path):
    program = (
        "import sys\nfrom headgate.cli.main import main\n"
        "sys.stdin.read()\n"  # until the reader has gone
        "main(['check', '--help'])"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    )
    assert child.stdin
    assert child.stdout
    assert child.stderr
    child.stdout.close()
    child.stdin.close()
    assert child.stderr.read() == b""
    child.stderr.close()
    assert child.wait(60) == 0


def shell(line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """What a shell makes of the line; `$H` is headgate."""
    program = "from headgate.cli.main import main; main()"
    return subprocess.run(
        ["bash", "-c", line],
        env=os.environ | {"H": f"{sys.executable} -c '{program}'"},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", ["plan", "plan --json", "metrics --dashboard"])
def test_output_for_which_there_is_no_room_is_no_defect(tmp_path: Path, command: str):
    done = shell(f'eval "$H {command} > /dev/full"', tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "headgate: Not all was written: No space left on device. Make room, and run it again.\n"
    )


@pytest.mark.parametrize(("command", "code"), [("plan", 0), ("check", 2), ("plan --foo", 2)])
def test_who_closes_stdout_gets_the_exit_code_alone(tmp_path: Path, command: str, code: int):
    done = shell(f'eval "$H {command} >&-"', tmp_path)
    assert done.returncode == code
    assert "defect" not in done.stderr


def test_ctrl_c_while_a_command_runs_ends_with_130(tmp_path: Path):
    code = (
        "import click, os, signal, sys, types\nimport headgate.cli.main as door\n"
        "@click.command()\n"
        "def wait():\n    os.kill(os.getpid(), signal.SIGINT)\n    signal.pause()\n"
        "sys.modules['waiting'] = types.SimpleNamespace(wait=wait)\n"
        "door.COMMANDS['wait'] = door.Entry('waiting:wait', 'Waits.')"
    )
    done = run("wait", code=code, cwd=tmp_path)
    assert (done.returncode, done.stderr.strip()) == (128 + signal.SIGINT, "")


@pytest.mark.parametrize(("env", "colour"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_no_color_turns_colour_off_even_on_a_terminal(
    tmp_path: Path, env: dict[str, str], colour: bool
):
    (tmp_path / "headgate.toml").write_text(
        "[tiers.a]\nmodel = 'openai/gpt-5'\n[tiers.b]\nmodel = 'openai/gpt-5'\n[providers.openai]\n"
    )
    output = on_a_terminal(["check"], env, tmp_path)
    assert b"warning:" in output
    assert (b"\x1b[" in output) is colour


def on_a_terminal(args: list[str], env: dict[str, str], cwd: Path) -> bytes:
    """What the command writes to a terminal."""
    ours, theirs = os.openpty()
    program = "import sys\nfrom headgate.cli.main import main\nmain(sys.argv[1:])"
    child = subprocess.Popen(
        [sys.executable, "-c", program, *args],
        stdout=theirs,
        stderr=theirs,
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "TERM": "xterm"} | env,
    )
    os.close(theirs)
    written = b""
    try:
        while piece := os.read(ours, 4096):
            written += piece
    except OSError:  # Linux says EIO once the other side is closed
        pass
    os.close(ours)
    child.wait(60)
    return written


def test_a_shell_completes_commands_without_importing_them():
    env = {"_HEADGATE_COMPLETE": "bash_complete", "COMP_WORDS": "headgate che", "COMP_CWORD": "1"}
    done = run(env=env)
    assert done.returncode == 0
    assert done.stdout.split() == ["plain,check"]


def test_a_shell_completes_options_of_a_command():
    env = {
        "_HEADGATE_COMPLETE": "bash_complete",
        "COMP_WORDS": "headgate check --sh",
        "COMP_CWORD": "2",
    }
    assert run(env=env).stdout.split() == ["plain,--show"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_of_every_shell_is_written(shell: str):
    done = run(env={"_HEADGATE_COMPLETE": f"{shell}_source"})
    if shell == "bash" and not done.stdout:
        pytest.skip("click writes the script only where bash is new enough")
    assert "headgate" in done.stdout


def test_json_is_all_that_is_on_stdout(tmp_path: Path):
    done = run("check", "missing.toml", "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert json.loads(done.stdout)["ok"] is False
    assert done.stderr == ""


@pytest.mark.parametrize(
    "words",
    [
        ("sample", "{}"),
        ("status", "--ledger", "sqlite:///{}"),
        ("ledger", "export", "{}.csv", "--ledger", "sqlite:///there.db"),
        ("sample", "rows.jsonl", "--rejects", "{}"),
    ],
)
def test_a_name_that_no_file_can_have_is_no_defect(tmp_path: Path, words: Sequence[str]):
    (tmp_path / "rows.jsonl").write_text('{"prompt": "x"}\n')
    done = run(*(word.format("x" * 5000) for word in words), cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "defect" not in done.stderr
    assert len(done.stderr) < 1000


def test_help_tells_the_exit_codes():
    text = " ".join(run("--help").stdout.split())
    assert "Exit codes: 0 fine, 1 the answer is no, 2 wrong use" in text


def test_a_closed_directory_is_told_by_name(capsys: pytest.CaptureFixture[str]):
    @click.command()
    def peek() -> None:
        raise PermissionError(13, "Permission denied", "/closed/file")

    with pytest.raises(SystemExit) as ended:
        main([], peek)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(
        "headgate: /closed/file cannot be used: Permission denied. Look at"
    )
