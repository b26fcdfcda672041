"""README and docs: Python that stands there runs, against a gateway that runs.

`docs/python.md` is a doctest of its own; see `tests/docs/test_python.py`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.testing.processes import Child, Children
from tests.examples.blocks import PAGES, Block, blocks
from tests.examples.stage import SETTINGS, openai

SHOWN = [block for page in PAGES for block in blocks(page) if block.language == "python"]
RUN = [block for block in SHOWN if block.page != "docs/python.md"]
ADDRESS = "http://127.0.0.1:8787"
"""Where a gateway listens that nobody tells otherwise."""
ENV = {"OPENAI_API_KEY": "any"}


def settings(base: str) -> str:
    """Of a gateway on a free port, in front of the simulated OpenAI."""
    server = '[server]\nlisten = "127.0.0.1:0"\nadmin = ""\n[ledger]\nurl = "memory:"\n'
    return f'{SETTINGS}base_url = "{base}"\n{server}'


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with openai() as url:
        yield url


@pytest.fixture
def gateway(base: str, tmp_path: Path) -> Iterator[Child]:
    file = tmp_path / "headgate.toml"
    file.write_text(settings(base))
    with Children() as children:
        yield children.gateway(file, ENV)


@pytest.mark.parametrize("block", RUN, ids=lambda block: block.name)
def test_python_that_a_page_shows_runs_and_prints_something(
    block: Block, gateway: Child, tmp_path: Path
):
    program = block.text.replace(ADDRESS, gateway.address)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path, env=os.environ | ENV, timeout=60, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, f"{block.name}:\n{done.stderr}"
    assert done.stdout.strip()


def test_the_front_page_shows_the_model_that_answered(gateway: Child):
    (block,) = (block for block in RUN if block.page == "README.md")
    assert ADDRESS in block.text
    program = block.text.replace(ADDRESS, gateway.address)
    done = subprocess.run(
        [sys.executable, "-c", program], timeout=60, check=True, capture_output=True, text=True
    )
    assert done.stdout == "gpt-5-nano\n"


def test_blocks_are_found():
    assert {block.page for block in RUN} == {"README.md", "docs/testing.md"}
    assert len(SHOWN) > len(RUN)
