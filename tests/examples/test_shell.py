"""README and docs: what stands there for a shell runs there, and prints what is shown."""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.examples.blocks import PAGES, SHELL, Block, Command, blocks, shell_blocks
from tests.examples.stage import openai, put

BLOCKS = shell_blocks()
RUN = [block for block in BLOCKS if block.commands()]
FINE = {0, 1}
"""Exit codes that are answers; 2 is wrong use, 70 a defect."""

PRELUDE = """\
pip() { :; }      # it is installed already
notify() { :; }   # the reader's own
"""


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with openai() as url:
        yield url


@contextmanager
def somebody_who_says_yes() -> Iterator[int]:
    """A terminal to read from, where somebody has typed yes a few times."""
    person, terminal = pty.openpty()
    try:
        os.write(person, b"y\n" * 4)
        yield terminal
    finally:
        os.close(terminal)
        os.close(person)


def ran(commands: list[Command], directory: Path) -> list[tuple[int, str, str]]:
    """Exit code, output and talk of each, in one shell."""
    told = directory.parent / f"{directory.name}-told"
    told.mkdir()
    lines = [PRELUDE]
    for number, command in enumerate(commands):
        name = shlex.quote(f"{told}/{number}")
        lines.append(f"{{ {command.line}\n}} >{name}.out 2>{name}.err; echo $? >{name}.code")
    scripts = Path(sys.executable).parent
    env = {
        "PATH": f"{scripts}:/usr/bin:/bin",
        "HOME": str(directory),
        "XDG_DATA_HOME": os.environ["XDG_DATA_HOME"],
        "OPENAI_API_KEY": "any",
        "COLUMNS": "80",
    }
    with somebody_who_says_yes() as terminal:
        subprocess.run(
            ["bash", "-c", "\n".join(lines)],
            cwd=directory, env=env, stdin=terminal, timeout=120, check=False,
        )  # fmt: skip
    return [
        (
            int((told / f"{number}.code").read_text()),
            (told / f"{number}.out").read_text(),
            (told / f"{number}.err").read_text(),
        )
        for number in range(len(commands))
    ]


def shows(out: str, page: str) -> bool:
    """Whether a page shows what was printed; a line `…` stands for any lines."""
    parts = [re.escape(part.strip("\n")) for part in re.split(r"^…$", page, flags=re.MULTILINE)]
    return re.fullmatch("[\\s\\S]*".join(parts), out.strip("\n")) is not None


def test_a_page_may_leave_lines_out_and_says_so():
    assert shows("one\ntwo\nthree\n", "one\n…\nthree\n")
    assert shows("one\ntwo\n", "one\n…\n")
    assert not shows("one\ntwo\nthree\n", "one\nthree\n")
    assert not shows("one\ntwo\n", "one\n")


@pytest.mark.parametrize("block", RUN, ids=lambda block: block.name)
def test_every_command_runs_and_prints_what_the_page_shows(block: Block, base: str, tmp_path: Path):
    put(tmp_path, block.text, block.props, base)
    commands = block.commands()
    for command, (code, out, err) in zip(commands, ran(commands, tmp_path), strict=True):
        assert code in FINE, f"{block.name}: {command.line} gives {code}\n{err}"
        assert "Traceback" not in err
        if command.shown and block.compared:
            assert shows(out, command.shown), f"{block.name}: {command.line} prints\n{out}"


def test_what_is_not_run_is_the_exception():
    lines = sum(len(block.commands()) for block in BLOCKS)
    all_lines = sum(len(block._replace(marks=()).commands()) for block in BLOCKS)
    assert lines > 40
    assert lines / all_lines > 0.8


each_page = pytest.mark.parametrize(
    "page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix()
)


@each_page
def test_what_is_for_a_shell_says_so_or_it_would_not_be_run(page: Path):
    for block in blocks(page):
        if block.language not in SHELL:
            assert not block.marks, f"{block.name} is not for a shell"
            for line in block.text.splitlines():
                assert not line.startswith(("$ ", "headgate ")), f"{block.name}: {line}"


@each_page
def test_a_module_that_a_page_runs_is_there_and_has_the_options(page: Path):
    text = page.read_text(encoding="utf-8")
    for module, words in re.findall(r"python -m ((?:benchmarks|headgate)[\w.]*)([^`\n]*)", text):
        found = find_spec(module)
        assert found is not None, module
        places = found.submodule_search_locations or [str(Path(found.origin or "").parent)]
        sources = [path for place in places for path in Path(place).glob("*.py")]
        known = "".join(path.read_text(encoding="utf-8") for path in sources)
        for option in re.findall(r"--[\w-]+", words):
            assert f'"{option}"' in known, f"{module} {option}"
