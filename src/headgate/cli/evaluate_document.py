"""An evaluation as a document: figures, the curve of quality and cost, calibration, tables."""

from __future__ import annotations

from headgate.analysis.curve import Measure
from headgate.analysis.evaluate import Evaluation
from headgate.cli.evaluate_page import cost_of, leads, measure_of, share_of, unit_of
from headgate.render import chart, page, palette, table
from headgate.values import percent

__all__ = ["evaluation_document", "policies_table"]

DECIMALS = 9
AVERAGE = (
    "APGR: the part of the gap between cheap and premium that is recovered, averaged over all "
    "premium shares. CPT80: the premium share that recovers 80 % of it."
)
TRIVIAL = (
    "Always cheap can reach 95 % of the premium quality by itself: look at what the best simple "
    "policy pays for it."
)


def evaluation_document(found: Evaluation, version: str) -> page.Page:
    """The evaluation of a router of this version."""
    which = "the latest rows, held out" if found.later else "rows drawn and held out"
    blocks: list[page.Block] = [
        page.Text(_message(found), lead=True),
        page.Figures(_figures(found)),
        _curve(found),
        policies_table(found),
        _errors(found),
        _calibration(found),
        _bins(found),
    ]
    if found.transfer:
        blocks.append(_transfer(found))
    blocks.append(page.Items("How to read this", _notes(found)))
    return page.Page(
        title="How well the router chooses",
        subtitle=f"Router {version} on {found.rows:,} requests: {which} from training",
        blocks=tuple(blocks),
        footer="Intervals are 95 % bootstrap intervals over "
        + (
            "these requests."
            if found.groups is None
            else f"the {found.groups:,} conversations of these requests, each drawn whole."
        ),
    )


def _message(found: Evaluation) -> str:
    ours = found.policies["router"]
    if ours.apgr.value is None:
        return "Premium is no better than cheap on these requests: there is no gap to recover."
    rivals = {
        name: figures.apgr.value
        for name, figures in found.policies.items()
        if name not in ("router", "oracle") and figures.apgr.value is not None
    }
    best = max(rivals, key=lambda name: rivals[name])
    verb = "ranks requests better than" if leads(found) else "does not rank requests better than"
    return (
        f"The router {verb} {best}, the best of the simple policies: it recovers "
        f"{percent(ours.apgr.value)} of the gap on average, that one {percent(rivals[best])}."
    )


def _figures(found: Evaluation) -> tuple[page.Figure, ...]:
    errors = found.errors
    ours = found.policies["router"].apgr
    return (
        page.Figure("APGR", _value(ours), _note(ours, "random 0.5"), leads(found)),
        page.Figure(
            "To premium", percent(errors.premium_share), f"threshold {errors.threshold:.3f}"
        ),
        page.Figure(
            "Mean score there",
            _value(errors.quality),
            _note(errors.quality, f"premium alone {_value(found.always_premium)}"),
        ),
        page.Figure("Calibration error", _value(found.ece), _note(found.ece, "0 is best")),
    )


def _value(measure: Measure) -> str:
    return "-" if measure.value is None else f"{measure.value:.3f}"


def _note(measure: Measure, more: str) -> str:
    if measure.low is None or measure.high is None:
        return more
    return f"{measure.low:.3f} to {measure.high:.3f}; {more}"


def _curve(found: Evaluation) -> chart.Lines:
    """Quality over cost, the router's with its band, and where its threshold stands."""

    def across(cost: float) -> float:
        return cost / 1e9 if found.priced else cost

    ours = tuple((across(p.cost), p.quality.value or 0.0) for p in found.band)
    band = tuple(
        (across(p.cost), p.quality.low, p.quality.high)
        for p in found.band
        if p.quality.low is not None and p.quality.high is not None
    )
    lines = [chart.Line("router", ours, palette.ROUTED)]
    for number, (name, points) in enumerate(found.curves.items()):
        line = tuple((across(p.cost), p.quality) for p in points)
        colour = palette.OTHERS[number % len(palette.OTHERS)]
        lines.append(chart.Line(name, line, colour, dashed=name in ("random mix", "oracle")))
    costs = [x for line in lines for x, _ in line.points]
    heights = [y for line in lines for _, y in line.points]
    heights += [y for _, low, high in band for y in (low, high)]
    errors = found.errors
    at = next(
        (
            before[0] + part * (after[0] - before[0])
            for before, after, part in _between(found, errors.premium_share, ours)
        ),
        ours[-1][0],
    )
    return chart.Lines(
        title=f"Quality by {'cost' if found.priced else 'premium share'}",
        description="From always cheap on the left to always premium; the band is the router's "
        "95 % interval. The oracle knows the answers: nobody can beat it.",
        x=_axis(unit_of(found), min(costs), max(costs), money=found.priced),
        y=_axis("mean score", min(heights), max(heights), money=False, shares=False),
        lines=tuple(lines),
        marks=(chart.Mark("the threshold", at, errors.quality.value),),
        ribbons=(chart.Ribbon(band, palette.ROUTED),),
    )


def _between(
    found: Evaluation, share: float, points: tuple[tuple[float, float], ...]
) -> list[tuple[tuple[float, float], tuple[float, float], float]]:
    """The two points of the band on either side of a premium share, and how far along it lies."""
    shares = [point.share for point in found.band]
    return [
        (points[i], points[i + 1], (share - shares[i]) / (shares[i + 1] - shares[i]))
        for i in range(len(shares) - 1)
        if shares[i] <= share <= shares[i + 1]
    ]


def _calibration(found: Evaluation) -> chart.Lines:
    said = tuple((one.score, one.came.value or 0.0) for one in found.bins)
    band = tuple(
        (one.score, one.came.low, one.came.high)
        for one in found.bins
        if one.came.low is not None and one.came.high is not None
    )
    most = max(max(x, high) for x, _, high in band) if band else 1.0
    axis = _axis("score: P(premium right and cheap wrong)", 0.0, most, money=False)
    return chart.Lines(
        title="What the router says, and what came",
        description="Requests by tenths, from the lowest score on. On the dashed line the score is "
        "exactly how often premium was right and cheap wrong.",
        x=axis,
        y=axis._replace(title="how often it was so"),
        lines=(
            chart.Line("router", said, palette.ROUTED),
            chart.Line("exact", ((0.0, 0.0), (axis.ticks[-1][0],) * 2), palette.QUIET, dashed=True),
        ),
        ribbons=(chart.Ribbon(band, palette.ROUTED),),
    )


def _axis(title: str, low: float, high: float, *, money: bool, shares: bool = True) -> chart.Axis:
    marks = chart.ticks(low, high)
    if money:
        labels = [f"{mark:.{DECIMALS}f}".rstrip("0").rstrip(".") for mark in marks]
    else:
        labels = [percent(mark, 0) if shares else f"{mark:.3g}" for mark in marks]
    return chart.Axis(title, tuple(zip(marks, labels, strict=True)))


def policies_table(found: Evaluation) -> table.Table:
    """Every policy, beside each other."""
    unit = unit_of(found)
    return table.Table(
        columns=(
            table.Column("Policy", key="policy"),
            table.Column("APGR", right=True, key="apgr"),
            *(table.Column(f"CPT{n}", right=True, key=f"cpt{n}") for n in (50, 80, 95)),
            *(table.Column(f"cost at {n} %", right=True, key=f"cost{n}") for n in (95, 98, 99)),
        ),
        rows=tuple(
            (
                name,
                measure_of(f.apgr),
                *(share_of(m) for m in (f.cpt50, f.cpt80, f.cpt95)),
                *(cost_of(m, found) for m in (f.cost95, f.cost98, f.cost99)),
            )
            for name, f in found.policies.items()
        ),
        title=f"The router beside simple policies; costs in {unit}",
        strong=frozenset({list(found.policies).index("router")}),
    )


def _errors(found: Evaluation) -> table.Table:
    errors = found.errors
    return table.Table(
        columns=(table.Column("At the threshold"), table.Column("", right=True)),
        rows=(
            ("sent to cheap", percent(errors.cheap_share)),
            ("sent to premium", percent(errors.premium_share)),
            ("of those only premium gets right, sent to cheap", measure_of(errors.missed)),
            ("of those sent to premium, no better there", measure_of(errors.wasted)),
            ("mean score", measure_of(errors.quality)),
            ("mean score, always cheap", measure_of(found.always_cheap)),
            ("mean score, always premium", measure_of(found.always_premium)),
        ),
        title="Both errors",
    )


def _bins(found: Evaluation) -> table.Table:
    return table.Table(
        columns=(
            table.Column("Mean score", right=True),
            table.Column("Came", right=True),
            table.Column("Requests", right=True),
        ),
        rows=tuple((f"{b.score:.3f}", measure_of(b.came), f"{b.rows:,}") for b in found.bins),
        title="Calibration by tenths",
    )


def _transfer(found: Evaluation) -> table.Table:
    return table.Table(
        columns=(table.Column("Category"), table.Column("APGR", right=True)),
        rows=tuple((name or "(none)", measure_of(m)) for name, m in found.transfer.items()),
        title="On what a router was trained without",
    )


def _notes(found: Evaluation) -> tuple[str, ...]:
    said = f"Calibration error {measure_of(found.ece)}, Brier score {measure_of(found.brier)}."
    notes = [AVERAGE, TRIVIAL, said]
    if not found.priced:
        notes.append("The rows have no costs, so that costs are premium shares.")
    return tuple(notes)
