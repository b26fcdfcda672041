"""The documentation's doors: the index lists every page, and all links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from tests.docs.pages import DOCS, ROOT, page

PAGES = [
    *sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")),
    "../README.md",
    "../CONTRIBUTING.md",
    "../CHANGELOG.md",
    "../SECURITY.md",
]


@pytest.mark.parametrize(
    "name", [name for name in PAGES if "/" not in name and name != "README.md"]
)
def test_every_page_is_in_the_index(name: str):
    assert f"({name})" in page("README.md")


def test_no_page_is_listed_twice():
    targets = re.findall(r"\]\(([^)]+)\)", page("README.md"))
    assert len(targets) == len(set(targets))


@pytest.mark.parametrize("name", PAGES)
def test_every_link_to_a_file_leads_somewhere(name: str):
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page(name)):
        assert ((DOCS / name).parent / target).exists(), f"{name}: {target}"


@pytest.mark.parametrize("name", PAGES)
def test_every_link_to_a_chapter_leads_to_one(name: str):
    for target, anchor in re.findall(r"\]\(([\w./-]*\.md)?#([\w-]+)\)", page(name)):
        home = (DOCS / name).parent
        text = (home / target).read_text(encoding="utf-8") if target else page(name)
        headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        anchors = {
            re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")
            for heading in headings
        }
        assert anchor in anchors, f"{name}: {target}#{anchor}"


def test_what_the_front_page_boasts_of_stands_on_the_page_that_it_names():
    table = page("../README.md").partition("\n| | |\n|---|---|\n")[2].partition("\n\n")[0]
    checked = 0
    for row in table.splitlines():
        link = re.search(r"\]\(docs/([\w-]+\.md)", row)
        numbers = re.findall(r"\d[\d,.]*\d", row.partition("](")[0])
        if link is None:
            continue
        for number in numbers:
            checked += 1
            assert number in page(link[1]), f"{link[1]} does not have {number}"
    assert checked >= 3


def test_the_front_page_is_honest_about_how_much_is_installed():
    said = re.search(r"(\d+) distributions in all", page("../README.md"))
    lines = (ROOT / "requirements/core.txt").read_text()
    locked = re.findall(r"^[a-z][\w.-]*==", lines, re.MULTILINE)
    assert said is not None
    assert int(said[1]) == len(locked) + 1, "those locked, and Headgate"


def test_every_path_that_contributors_are_told_of_is_there():
    text = page("../CONTRIBUTING.md")
    for path in re.findall(r"`([a-z_]+(?:/[a-z_]+)+(?:\.(?:py|md))?)`", text):
        homes = (ROOT, ROOT / "src/headgate")
        assert any((home / path).exists() for home in homes), path
    rooms = {path.parent.name for path in (ROOT / "src/headgate").glob("*/__init__.py")}
    for room in rooms:
        assert f"`{room}`" in text, f"the room {room} is not told of"


def test_make_help_tells_every_target():
    lines = (ROOT / "Makefile").read_text().splitlines()
    phony = next(line for line in lines if line.startswith(".PHONY:")).split()[1:]
    for target in phony:
        assert any(re.match(rf"{target}:.*## \S", line) for line in lines), target


@pytest.mark.parametrize(
    ("python", "home"),
    [
        ("python3", ".venv"),
        ("python3.14", ".venv-python3.14"),
        ("/opt/py/python3", ".venv-python3"),
    ],
)
def test_another_python_gets_an_environment_of_its_own(python: str, home: str):
    command = ["make", "--dry-run", "--always-make", "setup", f"PYTHON={python}"]
    ours = {"MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS", "PYTHON", "VENV"}  # of a `make test` around it
    env = {name: value for name, value in os.environ.items() if name not in ours}
    told = subprocess.run(
        command, cwd=ROOT, env=env, check=True, capture_output=True, text=True
    ).stdout
    assert f"{python} -m venv {home}\n" in told
    assert f"touch {home}/.ready\n" in told
