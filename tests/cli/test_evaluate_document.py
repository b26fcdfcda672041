"""The evaluation as a document: its message is true, and the curve says where it stands."""

from __future__ import annotations

import msgspec
import pytest

from headgate.analysis.curve import Measure
from headgate.analysis.evaluate import Evaluation, evaluate
from headgate.cli.evaluate_document import evaluation_document, policies_table
from headgate.render.chart import Lines
from headgate.render.page import Text, html, markdown
from headgate.render.table import Table
from headgate.values import percent
from tests.analysis.conftest import Trained, trained

__all__ = ["trained"]


@pytest.fixture(scope="module")
def found(trained: Trained) -> Evaluation:
    artifact, fit, test = trained
    return evaluate(artifact.router, fit, test, threshold=0.3, times=20)


def charts(found: Evaluation) -> list[Lines]:
    return [block for block in evaluation_document(found, "v").blocks if isinstance(block, Lines)]


def test_the_message_names_the_best_simple_policy(found: Evaluation):
    ours = msgspec.structs.replace(found.policies["router"], apgr=Measure(0.99, 0.9, 1.0))
    better = msgspec.structs.replace(found, policies={**found.policies, "router": ours})
    lead = evaluation_document(better, "v").blocks[0]
    assert isinstance(lead, Text)
    rivals = {
        n: f.apgr.value or 0 for n, f in found.policies.items() if n not in ("router", "oracle")
    }
    best = max(rivals, key=lambda name: rivals[name])
    assert f"ranks requests better than {best}" in lead.text
    assert f"{percent(rivals[best])}" in lead.text


def test_where_a_simple_policy_is_better_it_says_so(found: Evaluation):
    ours = msgspec.structs.replace(found.policies["router"], apgr=Measure(0.5, 0.4, 0.6))
    worse = msgspec.structs.replace(found, policies={**found.policies, "router": ours})
    assert "does not rank requests better" in markdown(evaluation_document(worse, "v"))


def test_without_a_gap_there_is_no_comparison(found: Evaluation):
    none = Measure(None, None, None)
    bare = {
        name: msgspec.structs.replace(figures, apgr=none)
        for name, figures in found.policies.items()
    }
    text = markdown(evaluation_document(msgspec.structs.replace(found, policies=bare), "v"))
    assert "no gap to recover" in text


def test_the_threshold_stands_on_the_routers_curve(found: Evaluation):
    curve = charts(found)[0]
    (mark,) = curve.marks
    costs = [x for x, _ in curve.lines[0].points]
    assert min(costs) < mark.at < max(costs)
    assert mark.height == found.errors.quality.value
    assert len(curve.ribbons[0].points) == len(found.band)
    assert [line.name for line in curve.lines] == ["router", *found.curves]


def test_calibration_is_drawn_against_the_diagonal(found: Evaluation):
    said, exact = charts(found)[1].lines
    assert [x for x, _ in said.points] == [one.score for one in found.bins]
    assert all(x == y for x, y in exact.points)


def test_without_costs_the_curve_is_over_shares(found: Evaluation):
    bare = msgspec.structs.replace(found, priced=False)
    text = markdown(evaluation_document(bare, "v"))
    assert "costs in premium share" in text
    assert "costs are premium shares" in text


def test_every_policy_has_its_line_and_the_routers_is_strong(found: Evaluation):
    table = policies_table(found)
    assert [row[0] for row in table.rows] == list(found.policies)
    assert [table.rows[at][0] for at in table.strong] == ["router"]


def test_transfer_has_a_table_of_its_own(found: Evaluation):
    moved = msgspec.structs.replace(found, transfer={"": Measure(0.6, 0.5, 0.7)})
    titles = [b.title for b in evaluation_document(moved, "v").blocks if isinstance(b, Table)]
    assert "On what a router was trained without" in titles
    assert "(none)" in html(evaluation_document(moved, "v"))
