"""drawing: SVG that is well-formed whatever it shows, to scale, titled, and without a script."""

import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from headgate.render.chart import (
    Axis,
    Band,
    Bar,
    Bars,
    Chart,
    Field,
    Line,
    Lines,
    Mark,
    Part,
    Ribbon,
    Span,
    Spans,
)
from headgate.render.drawing import WIDTH, svg
from headgate.render.palette import ROUTED

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '</svg><script>alert("x")</script>&\x00'

X = Axis("escalated", ((0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")))
Y = Axis("saved", ((-0.5, "-50 %"), (0.0, "0 %"), (0.5, "50 %")))


def lines(**more) -> Lines:
    line = Line("realistic", ((0.0, 0.5), (1.0, -0.5)), colour=1)
    return Lines("Saving", "By escalation.", X, Y, (line,))._replace(**more)


def bars(*values: float) -> Bars:
    made = tuple(
        Bar(f"bar {n}", (Part("cheap", value, f"${value}", n),), f"${value}")
        for n, value in enumerate(values)
    )
    return Bars("Bills", "A month.", (("naive", made),))


SPANS = Spans(
    "Tornado",
    "Each through its range.",
    Y,
    (Span("wide", -0.5, 0.5, "both"), Span("back", 0.25, -0.25, "both"), Span("none", 0, 0, "")),
    at=0.1,
)
FIELD = Field(
    "Map",
    "Who is cheaper.",
    "escalation",
    "retries",
    tuple(f"{n} %" for n in range(40)),
    ("0 %", "50 %"),
    ((0,) * 39 + (1,), (1,) * 40),
    (("routed", 0), ("premium", 1)),
)


def drawn(chart: Chart) -> ET.Element:
    return ET.fromstring(svg(chart, "c1"))


@pytest.mark.parametrize(
    "chart", [lines(), bars(1, 2), SPANS, FIELD], ids=["lines", "bars", "spans", "field"]
)
def test_a_chart_is_named_and_described_for_who_cannot_see_it(chart):
    root = drawn(chart)
    assert root.get("role") == "img"
    named = (root.get("aria-labelledby") or "").split()
    texts = {child.get("id"): child.text for child in root}
    assert [texts[name] for name in named] == [chart.title, chart.description]


def test_a_line_runs_through_its_points():
    (path,) = [one for one in drawn(lines()).iter("path") if one.get("class") == "line l1"][1:]
    start, end = (path.get("d") or "").removeprefix("M").split("L")
    (left, top), (right, bottom) = (map(float, point.split()) for point in (start, end))
    assert left < right
    assert top < bottom


def test_marks_stand_where_they_are_and_a_dot_at_its_height():
    root = drawn(lines(marks=(Mark("now", 0.25), Mark("crossover", 0.5, 0.0))))
    at = [
        float((one.get("d") or "").split()[0][1:])
        for one in root.iter("path")
        if one.get("class") == "mark"
    ]
    (dot,) = root.iter("circle")
    assert at[0] < at[1] == float(dot.get("cx") or 0)
    zero = next(one for one in root.iter("path") if one.get("class") == "zero")
    assert f" {dot.get('cy')}H" in (zero.get("d") or "")


def test_a_label_that_would_leave_the_chart_stands_to_the_left_of_its_mark():
    root = drawn(lines(marks=(Mark("a long label at the end", 1.0),)))
    (label,) = [one for one in root.iter("text") if one.text == "a long label at the end"]
    assert label.get("text-anchor") == "end"


def test_bars_are_to_one_scale():
    widths = [
        float(one.get("width") or 0)
        for one in drawn(bars(1, 2, 4)).iter("rect")
        if one.get("height") == "22"
    ]
    assert widths[1] == pytest.approx(widths[0] * 2, abs=0.3)
    assert widths[2] == pytest.approx(widths[0] * 4, abs=0.3)


def test_a_span_reaches_from_its_low_to_its_high_end_whichever_comes_first():
    wide, back, none = (
        (float(one.get("x") or 0), float(one.get("width") or 0))
        for one in drawn(SPANS).iter("rect")
    )
    assert back[1] == pytest.approx(wide[1] / 2, abs=0.2)
    assert back[0] == pytest.approx(wide[0] + wide[1] / 4, abs=0.2)
    assert none[1] == 1.0


def test_a_field_has_a_cell_for_every_pair_and_labels_that_do_not_overlap():
    root = drawn(FIELD)
    cells = [one.get("class") for one in root.iter("rect") if "cell" in (one.get("class") or "")]
    assert (cells.count("s0 cell"), cells.count("s1 cell")) == (39, 41)
    across = [float(one.get("x") or 0) for one in root.iter("text") if one.get("y") == "114.0"]
    assert all(other - one > 30 for one, other in pairwise(across))


@pytest.mark.parametrize("values", [(), (0,), (0, 0)])
def test_bars_of_nothing_are_drawn_all_the_same(values):
    assert drawn(bars(*values)).tag == "svg"


def test_a_long_label_is_cut_and_a_long_legend_wraps():
    parts = tuple(Part(f"a tier with a long name {n}", 1, "$1", n) for n in range(9))
    chart = Bars("t", "d", (("", (Bar("x" * 200, parts, "$9"),)),))
    root = drawn(chart)
    assert any((one.text or "").endswith("…") for one in root.iter("text"))
    rows = {one.get("y") for one in root.iter("rect") if one.get("height") == "12"}
    assert len(rows) > 1


def test_entries_of_a_legend_are_apart_by_what_their_letters_take():
    def second(name: str) -> float:
        named = (Line(name, ((0, 0), (1, 1))), Line("other", ((0, 1), (1, 0))))
        root = drawn(lines(lines=named))
        return next(float(one.get("x") or 0) for one in root.iter("text") if one.text == "other")

    assert second("illil") < second("abcde") < second("mwmwm")


def test_nothing_that_a_chart_shows_becomes_markup():
    hostile = Bars(HOSTILE, HOSTILE, ((HOSTILE, (Bar(HOSTILE, (Part(HOSTILE, 1, HOSTILE, 0),),
                                                     HOSTILE),)),))  # fmt: skip
    marked = lines(title=HOSTILE, marks=(Mark(HOSTILE, 0.5),), lines=(Line(HOSTILE, ()),))
    odd = SPANS._replace(spans=(Span(HOSTILE, 0, 1, HOSTILE),))
    field = FIELD._replace(rows=(HOSTILE, HOSTILE), legend=((HOSTILE, 0),), x_title=HOSTILE)
    charts: tuple[Chart, ...] = (hostile, marked, odd, field)
    for chart in charts:
        text = svg(chart, "c")
        assert "<script" not in text
        assert ET.fromstring(text).tag == "svg"


def test_an_interval_is_a_shaded_band_with_its_label():
    chart = Lines(
        title="t",
        description="d",
        x=Axis("x", ((0.0, "0"), (1.0, "1"))),
        y=Axis("y", ((0.0, "0"), (1.0, "1"))),
        lines=(Line("a", ((0.0, 0.0), (1.0, 1.0))),),
        bands=(Band("measured: 10 % to 20 %", 0.1, 0.2),),
    )
    text = svg(chart, "c")
    assert '<rect class="band"' in text
    assert "<title>measured: 10 % to 20 %</title>" in text


def test_a_ribbon_runs_along_its_high_edge_and_back_along_its_low_one():
    root = drawn(lines(ribbons=(Ribbon(((0.0, -0.5, 0.5), (1.0, 0.0, 0.5)), 2), Ribbon((), 3))))
    (path,) = [p for p in root.iter("path") if "ribbon" in (p.get("class") or "")]
    assert path.get("class") == "ribbon s2"
    edge = (path.get("d") or "").strip("MZ").split("L")
    points = [(float(x), float(y)) for x, y in (point.split() for point in edge)]
    assert len(points) == 4
    (left, top), (right, _), (_, middle), (_, bottom) = points
    assert left < right
    assert top < middle < bottom


def test_the_last_label_of_an_axis_is_not_cut():
    long = Axis("usd", ((0.0, "0"), (1.0, "0.000025 and more")))
    texts = {found.text: found for found in ET.fromstring(svg(lines(x=long), "c")).iter()}
    label = texts["0.000025 and more"]
    assert (label.get("text-anchor"), float(label.get("x") or 0)) == ("end", WIDTH)
    assert texts["0"].get("text-anchor") == "middle"


def test_what_moves_a_saving_has_the_colour_of_routing_and_no_tiers():
    assert svg(SPANS, "c").count(f'<rect class="s{ROUTED}"') == 3
