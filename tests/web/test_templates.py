"""templates: everything is escaped, and files are told apart by what is in them."""

import hashlib
import re
from pathlib import Path

import pytest

import headgate.web
from headgate.render.page import Text
from headgate.web.templates import Templates, static_files

HOUSE = Path(headgate.web.__file__).parent


def test_text_is_escaped_wherever_it_stands():
    templates = Templates(static_files())
    templates.show((("/x", "<Pages>"),))
    page = templates("problem.html", title="<b>", message="<script>x</script>", fix='"').decode()
    assert "<script>x" not in page
    assert "&lt;Pages&gt;" in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("fix", "shown"),
    [
        (
            "`headgate keys list` shows <them>.",
            "<code>headgate keys list</code> shows &lt;them&gt;.",
        ),
        ("Say `<b>`, then `c`", "Say <code>&lt;b&gt;</code>, then <code>c</code>"),
        ("one ` alone <i>", "one ` alone &lt;i&gt;"),
        ("", ""),
    ],
)
def test_a_command_in_an_error_is_shown_as_one_and_escaped(fix: str, shown: str):
    templates = Templates(static_files())
    assert templates._env.from_string("{{ fix|commands }}").render(fix=fix) == shown


def test_a_block_is_escaped_too():
    templates = Templates(static_files())
    found = templates._env.from_string("{{ block(one, 'n') }}").render(one=Text("<i>"))
    assert found == "<p>&lt;i&gt;</p>"


def test_the_mark_of_a_file_follows_its_bytes():
    files = static_files()
    marks = {file.mark for file in files.values()}
    assert len(marks) == len(files)
    assert all(re.fullmatch("[0-9a-f]{12}", mark) for mark in marks)


@pytest.mark.parametrize(
    "path", sorted((HOUSE / "templates").iterdir()), ids=lambda path: path.name
)
def test_no_template_has_inline_style_or_script_or_asks_elsewhere(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:|https?://", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)[^>]*>", text)
    assert "|safe" not in text.replace(" ", "")


@pytest.mark.parametrize("name", ["plan.js"])
def test_scripts_compute_nothing_and_ask_nobody_else(name):
    text = (HOUSE / "static" / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://|eval\(|innerHTML|document\.write|insertAdjacentHTML", text)
    assert not re.search(r"Math\.|[\w)\]] [*/%] [\w(]", text.replace("* ", ""))


@pytest.mark.parametrize(
    ("name", "sha256"),
    [
        ("uplot.js", "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f"),
        ("uplot.css", "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04"),
    ],
)
def test_what_others_wrote_is_what_the_notice_says(name, sha256):
    """dist/uPlot.iife.min.js and dist/uPlot.min.css of uplot 1.6.32 on npm."""
    assert hashlib.sha256((HOUSE / "static" / name).read_bytes()).hexdigest() == sha256
    notice = (Path(__file__).parents[2] / "NOTICE").read_text(encoding="utf-8")
    assert sha256 in notice
    assert "uplot 1.6.32" in notice
