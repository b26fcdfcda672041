"""A router's operating points in figures and charts: what each costs, keeps and risks."""

from __future__ import annotations

import math
from collections.abc import Sequence

from headgate.costs.wording import money
from headgate.render import chart, page, palette
from headgate.routing.artifact import Certificate, Operating
from headgate.values import NANO_PER_USD, dollars, percent

__all__ = [
    "calibration_chart",
    "certified",
    "curve_chart",
    "curves_chart",
    "figures",
    "nearest",
    "promise",
    "standing",
    "threshold_of",
]

PER = 1000
"""Requests that the curve's costs are of; one alone costs too little to be read."""


def threshold_of(text: str) -> float | None:
    """A threshold as somebody has written it; None where it is none.

    >>> threshold_of(" 0.25 "), threshold_of("25%"), threshold_of("nan")
    (0.25, None, None)
    """
    try:
        value = float(text) if len(text) <= 40 else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def nearest(points: Sequence[Operating], threshold: float) -> Operating:
    """The point whose threshold is the nearest; the lower of two."""
    return min(points, key=lambda point: abs(point.threshold - threshold))


def certified(certificate: Certificate, threshold: float) -> bool:
    """Whether a threshold that was tried passed.

    All that were tested before the chosen one have passed, and together: for a quality those
    below it, for an escalation rate or a bill those above.
    """
    if certificate.threshold is None:
        return False
    if certificate.goal == "quality":
        return threshold <= certificate.threshold
    return threshold >= certificate.threshold


def promise(certificate: Certificate) -> str:
    """What is promised, in words."""
    match certificate.goal:
        case "quality":
            return f"{percent(certificate.target)} of the premium quality is kept"
        case "escalation":
            return f"at most {percent(certificate.target)} of requests go to premium"
        case _:
            spent = dollars(round(certificate.target * PER), 4)
            return f"{PER:,} requests cost at most {spent} on average"


def standing(certificate: Certificate, point: Operating) -> str:
    """Whether the certificate covers a point, and what it would risk if it does not."""
    if certified(certificate, point.threshold):
        return (
            f"Certified: {promise(certificate)}, broken with a chance of at most "
            f"{percent(certificate.risk)}."
        )
    seen = _seen(certificate, point)
    if _kept(certificate, point):
        why = "That keeps the promise on these rows, but may be luck: the threshold did not pass."
    else:
        why = "That breaks the promise."
    promised = f"It promises that {promise(certificate)}; on its rows {seen} here."
    return f"Beyond the certificate. {promised} {why}"


def _kept(certificate: Certificate, point: Operating) -> bool:
    match certificate.goal:
        case "quality":
            return point.quality >= certificate.target * certificate.premium_quality
        case "escalation":
            return point.escalation <= certificate.target
        case _:
            return point.cost_nano is not None and point.cost_nano <= certificate.target


def _seen(certificate: Certificate, point: Operating) -> str:
    match certificate.goal:
        case "quality":
            return f"{_quality(certificate, point)} of it is kept"
        case "escalation":
            return f"{percent(point.escalation)} go to premium"
        case _:
            return f"they cost {_cost(point, PER)}"


def figures(certificate: Certificate, point: Operating, requests: int) -> page.Figures:
    """A point in numbers; its bill is for so many model calls a month."""
    month = "–" if point.cost_nano is None else money(point.cost_nano * requests)
    note = "the graded rows have no costs"
    if point.cost_nano is not None:
        note = f"{requests:,} calls, as planned; {_cost(point, PER)} for {PER:,}"
    sound = certified(certificate, point.threshold)
    return page.Figures(
        (
            page.Figure("To premium", percent(point.escalation), f"from {point.threshold:.4f} on"),
            page.Figure(
                "Quality kept",
                _quality(certificate, point),
                f"mean score {point.quality:.3f}, premium {certificate.premium_quality:.3f}",
                sound if certificate.goal == "quality" else None,
            ),
            page.Figure("Answers a month", month, note),
            page.Figure(
                "Wasted", _share(point.wasted), "of those sent to premium, no better there"
            ),
            page.Figure(
                "Missed", _share(point.missed), "of those better at premium, sent to cheap"
            ),
        )
    )


def _quality(certificate: Certificate, point: Operating) -> str:
    if certificate.premium_quality <= 0:
        return "–"
    return percent(point.quality / certificate.premium_quality)


def _share(share: float | None) -> str:
    return "–" if share is None else percent(share)


def _cost(point: Operating, requests: int) -> str:
    return "–" if point.cost_nano is None else dollars(point.cost_nano * requests, 4)


def curve_chart(certificate: Certificate, here: Operating) -> chart.Lines:
    """Quality by cost, with what always one model does, the certified point, and where one is."""
    points = certificate.points
    priced = _priced(points)
    cheap, premium = points[-1], points[0]
    marks = [("always cheap", cheap), ("always premium", premium)]
    if certificate.threshold is not None:
        marks.append(("certified", nearest(points, certificate.threshold)))
    if here.threshold != certificate.threshold:
        marks.append(("here", here))
    made = _drawn([("router", palette.ROUTED, points)], priced=priced)
    ends = tuple((_across(end, priced=priced), end.quality) for end in (cheap, premium))
    return made._replace(
        lines=(*made.lines, chart.Line("drawn by lot", ends, palette.QUIET, dashed=True)),
        marks=tuple(
            chart.Mark(name, _across(point, priced=priced), point.quality) for name, point in marks
        ),
    )


def curves_chart(first: tuple[str, Certificate], second: tuple[str, Certificate]) -> chart.Lines:
    """Two routers' curves in one chart, with the certified point of each."""
    pair = tuple(
        (*named, colour) for named, colour in zip((first, second), palette.PAIR, strict=True)
    )
    priced = all(_priced(certificate.points) for _, certificate, _ in pair)
    made = _drawn(
        [(name, colour, certificate.points) for name, certificate, colour in pair], priced=priced
    )
    chosen = [
        (name, nearest(certificate.points, certificate.threshold))
        for name, certificate, _ in pair
        if certificate.threshold is not None
    ]
    same = first[1].sample == second[1].sample
    return made._replace(
        title="Both curves",
        description="Both were measured on the same rows."
        if same
        else "Each was measured on the rows of its own certificate, which are not the same: "
        "a difference may be that of the rows.",
        # where both lie on each other both are seen
        lines=(made.lines[0], made.lines[1]._replace(dashed=True)),
        marks=tuple(
            chart.Mark(f"{name}, certified", _across(point, priced=priced), point.quality)
            for name, point in chosen
        ),
    )


def _drawn(named: Sequence[tuple[str, int, Sequence[Operating]]], *, priced: bool) -> chart.Lines:
    lines = tuple(
        chart.Line(
            name, tuple((_across(one, priced=priced), one.quality) for one in points), colour
        )
        for name, colour, points in named
    )
    costs = [x for line in lines for x, _ in line.points]
    heights = [y for line in lines for _, y in line.points]
    across = chart.ticks(min(costs), max(costs))
    labels = [f"{x:.6g}" if priced else percent(x, 0) for x in across]
    title = f"USD for {PER:,} requests" if priced else "share that goes to premium"
    return chart.Lines(
        title=f"Quality by {'cost' if priced else 'premium share'}",
        description="What the router does at the thresholds of its certificate, on the "
        "certificate's rows.",
        x=chart.Axis(title, tuple(zip(across, labels, strict=True))),
        y=_scores("mean score", min(heights), max(heights)),
        lines=lines,
    )


def _scores(title: str, low: float, high: float) -> chart.Axis:
    return chart.Axis(title, tuple((mark, f"{mark:.3g}") for mark in chart.ticks(low, high)))


def _priced(points: Sequence[Operating]) -> bool:
    return all(point.cost_nano is not None for point in points)


def _across(point: Operating, *, priced: bool) -> float:
    if not priced or point.cost_nano is None:
        return point.escalation
    return point.cost_nano * PER / NANO_PER_USD


def calibration_chart(certificate: Certificate) -> chart.Lines:
    """The scores by tenths of the rows, and what came."""
    said = tuple((one.score, one.came) for one in certificate.calibration)
    axis = _scores("score of the router", 0.0, max(max(pair) for pair in said) or 1.0)
    end = axis.ticks[-1][0]
    return chart.Lines(
        title="What the router says, and what came",
        description="The certificate's rows by tenths, from the lowest score on. On the dashed "
        "line the score is exactly how often premium alone was right.",
        x=axis,
        y=axis._replace(title="how often it was so"),
        lines=(
            chart.Line("router", said, palette.ROUTED),
            chart.Line("exact", ((0.0, 0.0), (end, end)), palette.QUIET, dashed=True),
        ),
    )
