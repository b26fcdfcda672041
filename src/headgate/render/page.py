"""A page of blocks, as Markdown and as one self-contained HTML file that works anywhere.

The HTML has no script and asks for nothing from outside, which its own security policy forbids too.
It follows the reader's choice of light or dark, and prints.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import NamedTuple, TypeAlias

from headgate.render.chart import Bars, Chart, Field, Lines, Spans
from headgate.render.drawing import svg
from headgate.render.figures import table_of
from headgate.render.table import Table, markdown_text, plain

__all__ = [
    "CHART_STYLE",
    "COLOUR_STYLE",
    "Block",
    "Figure",
    "Figures",
    "Items",
    "Page",
    "Text",
    "fragment",
    "html",
    "markdown",
]


MOST_LETTERS, APART, HALF_PAGE = 26, 4, 88
"""Letters of a cell of text, between two columns, and of a table that is half a page wide."""


class Text(NamedTuple):
    """A paragraph; `lead` says the page's message."""

    text: str
    lead: bool = False


class Figure(NamedTuple):
    """One number that matters, with what it is."""

    label: str
    value: str
    note: str = ""
    good: bool | None = None
    """Good news, bad news, or neither."""


class Figures(NamedTuple):
    """Numbers beside each other."""

    figures: tuple[Figure, ...]


class Items(NamedTuple):
    """A list below a heading."""

    title: str
    items: tuple[str, ...]


Block: TypeAlias = Text | Figures | Items | Table | Chart


class Page(NamedTuple):
    """A page: title, a line below it, blocks, a line at its end."""

    title: str
    subtitle: str
    blocks: tuple[Block, ...]
    footer: str = ""


def markdown(page: Page) -> str:
    """The page as Markdown; charts are left out, the tables have their numbers."""
    parts = [f"# {_md(page.title)}\n", f"{_md(page.subtitle)}\n"]
    for block in page.blocks:
        match block:
            case Text():
                parts.append(f"**{_md(block.text)}**\n" if block.lead else f"{_md(block.text)}\n")
            case Figures():
                rows = (
                    f"- {_md(one.label)}: **{_md(one.value)}**"
                    + (f" ({_md(one.note)})" if one.note else "")
                    for one in block.figures
                )
                parts.append("\n".join(rows) + "\n")
            case Items():
                items = "\n".join(f"- {_md(item)}" for item in block.items)
                parts.append(f"### {_md(block.title)}\n\n{items}\n")
            case Table():
                parts.append(markdown_text(block))
            case Lines() | Bars() | Spans() | Field():
                pass
    if page.footer:
        parts.append(f"{_md(page.footer)}\n")
    return "\n".join(parts)


def _md(text: str) -> str:
    text = plain(text)
    for letter in "\\`*_[]<>":
        text = text.replace(letter, f"\\{letter}")
    return text


def html(page: Page) -> str:
    """The page as one HTML file; every text is escaped."""
    body = "\n".join(_blocks(page))
    footer = f"<footer>{_safe(page.footer)}</footer>" if page.footer else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{_safe(page.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<header><h1>{_safe(page.title)}</h1><p>{_safe(page.subtitle)}</p></header>\n"
        f"{body}\n{footer}\n</main>\n</body>\n</html>\n"
    )


_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def _safe(text: str) -> str:
    """Text as HTML; a percent sign stays with its number."""
    return escape(plain(text)).replace(" %", "&nbsp;%")


def _blocks(page: Page) -> Iterator[str]:
    for position, block in enumerate(page.blocks):
        yield fragment(block, f"c{position}")


def fragment(block: Block, name: str, *, figures: bool = False) -> str:
    """One block as HTML; every text is escaped, nothing is styled but by classes.

    Args:
        name: sets its ids apart from those of other blocks of the page.
        figures: a chart has the table of its numbers beneath, folded up.
    """
    match block:
        case Text():
            start = '<p class="lead">' if block.lead else "<p>"
            return f"{start}{_safe(block.text)}</p>"
        case Figures():
            return f'<dl class="figures">{"".join(map(_figure, block.figures))}</dl>'
        case Items():
            items = "".join(f"<li>{_safe(item)}</li>" for item in block.items)
            return f"<section><h2>{_safe(block.title)}</h2><ul>{items}</ul></section>"
        case Table():
            return _table(block)
        case Lines() | Bars() | Spans() | Field():
            heading = f"<h2>{_safe(block.title)}</h2>"
            note = f"<figcaption>{_safe(block.description)}</figcaption>"
            # a chart that is wider than its page is scrolled by keyboard too
            plot = f'<div class="plot" tabindex="0" role="group">{svg(block, name)}</div>'
            if figures:
                note += _folded(block)
            return f"<figure>{heading}{plot}{note}</figure>"


def _folded(chart: Chart) -> str:
    table = _table(table_of(chart))
    return f'<details class="numbers"><summary>The numbers</summary>{table}</details>'


def _figure(figure: Figure) -> str:
    mood = "" if figure.good is None else ' class="good"' if figure.good else ' class="bad"'
    note = f"<small>{_safe(figure.note)}</small>" if figure.note else ""
    return f"<div{mood}><dt>{_safe(figure.label)}</dt><dd>{_safe(figure.value)}{note}</dd></div>"


def _table(table: Table) -> str:
    heads = "".join(
        f'<th scope="col"{_side(column.right)}>{_safe(column.title)}</th>'
        for column in table.columns
    )
    rows = []
    for position, row in enumerate(table.rows):
        first, *rest = zip(row, table.columns, strict=True)
        cells = f'<th scope="row">{_safe(first[0])}</th>' + "".join(
            f"<td{_side(column.right)}>{_safe(cell)}</td>" for cell, column in rest
        )
        start = '<tr class="strong">' if position in table.strong else "<tr>"
        rows.append(f"{start}{cells}</tr>")
    title = f"<h2>{_safe(table.title)}</h2>" if table.title else ""
    # a table that is wider than its page is scrolled by keyboard too
    name = f' aria-label="{_safe(table.title)}"' if table.title else ""
    start = '<section class="broad">' if _broad(table) else "<section>"
    head, body = f"<thead><tr>{heads}</tr></thead>", f"<tbody>{''.join(rows)}</tbody>"
    return (
        f'{start}{title}<div class="wide" tabindex="0" role="group"{name}>'
        f"<table>{head}{body}</table></div></section>"
    )


def _broad(table: Table) -> bool:
    """Whether a table needs a page's whole width: half is not enough for its longest cells."""
    letters = 0
    for place, column in enumerate(table.columns):
        longest = max((len(row[place]) for row in table.rows), default=0)
        # text that is not a number may go on a second line
        longest = longest if column.right else min(longest, MOST_LETTERS)
        letters += max(longest, len(column.title)) + APART
    return letters > HALF_PAGE


def _side(right: bool) -> str:
    return ' class="num"' if right else ""


COLOUR_STYLE = """
:root{--paper:#fff;--ink:#1c2126;--soft:#5a6570;--rule:#dfe3e8;--panel:#f6f7f9;--good:#1a7f4b;
--bad:#b3261e;--c0:#2463c2;--c1:#c8641b;--c2:#2b8a6e;--c3:#8a4fa8;--c4:#7a7f87;--c5:#b08a12;--c6:#1c8aa3;--c7:#b54a72}
@media (prefers-color-scheme:dark){:root{--paper:#14181c;--ink:#e7eaee;--soft:#a2acb7;
--rule:#323a43;--panel:#1c2228;--good:#5cc48d;--bad:#f2867c;--c0:#6fa4f2;--c1:#ee9a57;--c2:#56bd9d;
--c3:#c08ddb;--c4:#9aa2ab;--c5:#d9b545;--c6:#5cc3d9;--c7:#ec8fb2}}
""".replace("\n", "")
"""Paper, ink, and what each number of `headgate.render.palette` looks like, in light and dark."""

CHART_STYLE = """
.wide,.plot{overflow-x:auto;--shade:color-mix(in srgb,var(--ink) 25%,transparent);background:
linear-gradient(90deg,var(--paper) 40%,transparent) 0 -1px/2rem calc(100% + 2px) no-repeat local,
linear-gradient(270deg,var(--paper) 40%,transparent)
 100% -1px/2rem calc(100% + 2px) no-repeat local,
linear-gradient(90deg,var(--shade),transparent) 0 0/.7rem 100% no-repeat scroll,
linear-gradient(270deg,var(--shade),transparent) 100% 0/.7rem 100% no-repeat scroll}
.chart{width:100%;height:auto;display:block}
.chart text{font-size:12px;fill:var(--ink)}
.chart .tick,.chart .axis{fill:var(--soft)}.chart .total{font-weight:600}
.chart .grid{stroke:var(--rule)}.chart .zero{stroke:var(--soft)}
.chart .cell{stroke:var(--paper)}
.chart .here{fill:none;stroke:var(--ink);stroke-width:3}
.chart .band{fill:var(--soft);opacity:.16}
.chart .dot{fill:var(--paper);stroke:var(--ink);stroke-width:2}
.chart .label{stroke:var(--paper);stroke-width:4px;paint-order:stroke;stroke-linejoin:round}
.chart .mark{stroke:var(--ink);stroke-dasharray:3 4}
.chart .ribbon{opacity:.18}
.chart .line{fill:none;stroke-width:2.5;stroke-linejoin:round}.chart .dashed{stroke-dasharray:7 5}
.l0{stroke:var(--c0)}.l1{stroke:var(--c1)}.l2{stroke:var(--c2)}.l3{stroke:var(--c3)}
.l4{stroke:var(--c4)}.l5{stroke:var(--c5)}.l6{stroke:var(--c6)}.l7{stroke:var(--c7)}
.s0{fill:var(--c0)}.s1{fill:var(--c1)}.s2{fill:var(--c2)}.s3{fill:var(--c3)}.s4{fill:var(--c4)}
.s5{fill:var(--c5)}.s6{fill:var(--c6)}.s7{fill:var(--c7)}
""".replace("\n", "")
"""How charts look, in those colours."""

STYLE = (
    COLOUR_STYLE
    + """
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:52rem;margin:0 auto;padding:2.5rem 1.25rem 3rem}
header p{margin:.25rem 0 0;color:var(--soft)}
h1{font-size:1.75rem;line-height:1.2;margin:0;letter-spacing:-.01em}
h2{font-size:1.05rem;margin:0 0 .75rem}
p{margin:1rem 0}.lead{font-size:1.15rem;margin:1.5rem 0}
section,figure{margin:2.25rem 0 0}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(10.5rem,1fr));gap:.75rem;
margin:1.5rem 0 0}
.figures div{background:var(--panel);border-radius:.5rem;padding:.8rem 1rem}
.figures dt{color:var(--soft);font-size:.85rem}
.figures dd{margin:.1rem 0 0;font-size:1.5rem;font-weight:600;font-variant-numeric:tabular-nums}
.figures small{display:block;font-size:.8rem;font-weight:400;color:var(--soft)}
.good dd{color:var(--good)}.bad dd{color:var(--bad)}
.chart{min-width:33rem}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
th,td{padding:.4rem .75rem .4rem 0;text-align:left;border-bottom:1px solid var(--rule);
font-weight:400;vertical-align:top}
thead th{color:var(--soft);font-size:.82rem;border-bottom-color:var(--soft);white-space:nowrap}
.num{text-align:right;padding:.4rem 0 .4rem .75rem;white-space:nowrap}
th+th:not(.num),td+td:not(.num),th+td:not(.num){padding-left:.75rem}
.strong th,.strong td{font-weight:600}
ul{margin:0;padding-left:1.2rem}li{margin:.3rem 0}
figcaption{color:var(--soft);font-size:.85rem;margin-top:.4rem}
footer{margin-top:2.5rem;padding-top:1rem;border-top:1px solid var(--rule);color:var(--soft);
font-size:.85rem}
""".replace("\n", "")
    + CHART_STYLE
    + "@media print{@page{margin:14mm}main{max-width:none;padding:0}.chart{min-width:0}"
    ".wide,.plot{overflow:visible;background:none}h2{break-after:avoid}"
    "figure,.figures,tr{break-inside:avoid}.figures{grid-template-columns:repeat(4,1fr)}}"
)
