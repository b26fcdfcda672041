"""docs/README.md: the index lists every page, and all links lead somewhere."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import DOCS, page

PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


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
        text = page(target) if target else page(name)
        headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        anchors = {
            re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")
            for heading in headings
        }
        assert anchor in anchors, f"{name}: {target}#{anchor}"
