"""page: one file that works anywhere: nothing is fetched, no script, every text escaped."""

import re
from html.parser import HTMLParser

import pytest

from headgate.render.chart import Axis, Bar, Bars, Field, Line, Lines, Part, Span, Spans
from headgate.render.page import Block, Figure, Figures, Items, Page, Text, fragment, html, markdown
from headgate.render.table import Column, Table

HOSTILE = "<script>alert(1)</script>\" onload='x' & \x1b[0m"
AXIS = Axis("x", ((0.0, "0"), (1.0, "1")))

BLOCKS: tuple[Block, ...] = (
    Text("Routing pays.", lead=True),
    Text("A paragraph."),
    Figures((Figure("Saved", "52 %", "a month", good=True), Figure("Lost", "3 %", good=False),
             Figure("Bill", "$1"))),
    Table((Column("model"), Column("usd", right=True)), (("a", "1"), ("total", "1")), "Bills",
          frozenset({1})),
    Lines("Curve", "How it falls.", AXIS, AXIS, (Line("a", ((0.0, 1.0), (1.0, 0.0))),)),
    Bars("Bars", "What it is made of.", (("", (Bar("a", (Part("p", 1, "$1", 0),), "$1"),)),)),
    Spans("Spans", "What moves it.", AXIS, (Span("a", 0.2, 0.8, "both"),), at=0.5),
    Field("Map", "Who.", "x", "y", ("1",), ("1",), ((0,),), (("a", 0),)),
    Items("Notes", ("One.", "Two.")),
)  # fmt: skip
PAGE = Page("The plan", "headgate.toml", BLOCKS, "Prices: a list.")


class Elements(HTMLParser):
    """Every element with its attributes, and whether all that opened were closed in order."""

    VOID = frozenset({"meta", "path", "circle", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_every_block_is_on_the_page_and_all_elements_are_closed():
    elements = Elements(html(PAGE))
    assert elements.open == []
    tags = [tag for tag, _ in elements.found]
    for tag, count in (("svg", 4), ("table", 1), ("ul", 1), ("dl", 1), ("footer", 1), ("h1", 1)):
        assert tags.count(tag) == count, tag
    texts = " ".join(elements.texts)
    for text in ("Routing pays.", "A paragraph.", "52\xa0%", "Two.", "Prices: a list."):
        assert text in texts


def test_nothing_is_fetched_and_nothing_runs():
    text = html(PAGE)
    elements = Elements(text)
    assert not {"script", "link", "img", "iframe", "object", "form"} & {
        t for t, _ in elements.found
    }
    names = {name for _, attributes in elements.found for name in attributes}
    assert not {"src", "href", "xlink:href"} & names
    assert not [name for name in names if name.startswith("on")]
    assert "http://" not in text
    assert "https://" not in text
    assert "url(" not in text
    assert "@import" not in text
    (policy,) = [a["content"] for t, a in elements.found if a.get("http-equiv")]
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")


def test_light_dark_print_and_small_screens_are_provided_for():
    text = html(PAGE)
    for part in ("prefers-color-scheme:dark", "@media print", 'name="viewport"', 'lang="en"'):
        assert part in text


def test_every_colour_of_a_chart_has_its_rule():
    from headgate.render.palette import COLOURS

    text = html(PAGE)
    for colour in range(COLOURS):
        assert text.count(f"--c{colour}:") == 2
        assert f".s{colour}{{" in text
        assert f".l{colour}{{" in text


def test_headings_of_columns_and_rows_are_marked_as_such():
    scopes = [a.get("scope") for tag, a in Elements(html(PAGE)).found if tag == "th"]
    assert scopes == ["col", "col", "row", "row"]


@pytest.mark.parametrize(
    "block",
    [
        Text(HOSTILE),
        Figures((Figure(HOSTILE, HOSTILE, HOSTILE),)),
        Items(HOSTILE, (HOSTILE,)),
        Table((Column(HOSTILE),), ((HOSTILE,),), HOSTILE),
        Bars(HOSTILE, HOSTILE, ()),
    ],
    ids=lambda block: type(block).__name__,
)
def test_no_text_becomes_markup(block: Block):
    page = Page(HOSTILE, HOSTILE, (block,), HOSTILE)
    elements = Elements(html(page))
    assert "script" not in {tag for tag, _ in elements.found}
    assert not any("onload" in attributes for _, attributes in elements.found)
    assert "\x1b" not in html(page)
    assert not re.search(r"(?<!\\)<", markdown(page))


def test_markdown_has_the_tables_and_no_charts():
    text = markdown(PAGE)
    assert text.startswith("# The plan\n\nheadgate.toml\n")
    for part in (
        "**Routing pays.**",
        "- Saved: **52 %** (a month)",
        "| **total** | **1** |",
        "### Notes\n\n- One.\n- Two.",
        "Prices: a list.",
    ):
        assert part in text
    assert "svg" not in text
    assert "Curve" not in text


def test_a_page_without_a_footer_has_none():
    assert "<footer" not in html(PAGE._replace(footer=""))


@pytest.mark.parametrize(
    ("columns", "cells", "broad"),
    [
        (6, "$34.82", False),
        (6, "301 / 536 / 680 ms", True),
        (12, "1", True),
    ],
)
def test_a_table_too_wide_for_half_a_page_says_so(columns: int, cells: str, broad: bool):
    heads = tuple(Column("a head", right=True) for _ in range(columns))
    text = fragment(Table(heads, ((cells,) * columns,)), "t")
    assert ('<section class="broad">' in text) == broad


def test_text_may_go_on_a_second_line_and_asks_for_less_room():
    heads = Column("name"), Column("usd", right=True)
    assert 'class="broad"' not in fragment(Table(heads, (("word " * 30, "1"),)), "t")
    assert 'class="broad"' not in fragment(Table(heads, ()), "t")


def test_a_chart_scrolls_in_a_place_of_its_own_also_by_keyboard():
    text = html(PAGE)
    assert text.count('<div class="plot" tabindex="0" role="group"><svg') == text.count("<svg")
