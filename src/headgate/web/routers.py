"""Routers: what is in each file, what its certificate promises, and two of them side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec

from headgate.monitor.figures import percent
from headgate.render import chart, page, palette
from headgate.render.table import Column, Table
from headgate.routing.artifact import Artifact, Certificate
from headgate.web.operating import (
    calibration_chart,
    curve_chart,
    curves_chart,
    figures,
    nearest,
    promise,
    standing,
    threshold_of,
)
from headgate.web.templates import Templates
from headgate.web.visit import Answer, Visit

__all__ = ["RouterSeen", "RouterShelf", "Routers"]

ROUNDED = 1e-6
"""Thresholds are written with six decimals: what is nearer than that is the same."""


class RouterSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One router file of the settings."""

    place: str
    """Who uses it: `classifier`, `verifier`, or a policy's name."""
    path: str
    version: str = ""
    artifact: Artifact | None = None
    """None where the file cannot be read."""
    threshold: float | None = None
    """The one that the settings state in place of the certificate's."""
    problem: str = ""


class RouterShelf(Protocol):
    """Knows the router files."""

    def routers(self) -> Sequence[RouterSeen]:
        """All of them, those of the settings first."""


class Routers:
    """The page at `/routers`.

    Args:
        shelf: knows the files.
        templates: how it looks.
        requests: model calls that the settings plan a month.
    """

    def __init__(self, shelf: RouterShelf, templates: Templates, requests: int) -> None:
        self._shelf = shelf
        self._templates = templates
        self._requests = requests

    def show(self, visit: Visit) -> Answer:
        """Every router, the one at place n at the threshold `tn`, and `a` beside `b`.

        A script is answered with one operating point: that of the router that `part` names.
        """
        found = self._shelf.routers()
        points = [_point(seen, f"t{n}", visit, self._requests) for n, seen in enumerate(found)]
        if visit.wants_fragment:
            part = visit.query.get("part", "")
            named = next((one for one in points if one is not None and one.name == part), None)
            if named is not None:
                return Answer(self._templates("router_point.html", point=named))
        sound = [one for one in found if one.artifact is not None]
        chosen = [_numbered(sound, visit.query.get(name, "")) for name in ("a", "b")]
        one, other = chosen
        compared = None
        if one is not None and other is not None and one is not other:
            compared = _compared(one, other)
        cards = [
            (seen, _facts(seen), _blocks(seen), point)
            for seen, point in zip(found, points, strict=True)
        ]
        names = {"a", "b", *(point.name for point in points if point is not None)}
        kept = {name: text for name, text in visit.query.items() if name in names}
        body = self._templates(
            "routers.html",
            title="Routers",
            csrf=visit.csrf,
            cards=cards,
            names=[f"{seen.place}: {seen.version}" for seen in sound],
            a=visit.query.get("a", "0"),
            b=visit.query.get("b", "1"),
            compared=compared,
            kept=kept,
            moved={name: text for name, text in kept.items() if name not in ("a", "b")},
        )
        return Answer(body)


def _numbered(found: Sequence[RouterSeen], text: str) -> RouterSeen | None:
    if not text.isascii() or not text.isdigit() or len(text) > 4 or int(text) >= len(found):
        return None
    return found[int(text)]


class _Point(NamedTuple):
    """A router at one threshold, as the page shows it."""

    name: str
    """Of the field that moves it."""
    asked: str
    held: str
    """What the field holds by itself."""
    stops: tuple[str, ...]
    wrong: str
    note: str
    standing: str
    figures: page.Figures
    curve: chart.Lines
    calibration: chart.Lines | None


def _point(seen: RouterSeen, name: str, visit: Visit, requests: int) -> _Point | None:
    """Where a router stands: as asked, else as the settings state, else as certified."""
    certificate = None if seen.artifact is None else seen.artifact.certificate
    if certificate is None or not certificate.points:
        return None
    own = certificate.threshold if seen.threshold is None else seen.threshold
    # without a threshold everything goes to premium, which the lowest one does too
    held = certificate.points[0].threshold if own is None else own
    text = visit.query.get(name, "").strip()
    threshold = threshold_of(text) if text else held
    wrong = "" if threshold is not None else "A threshold is a number from 0 on, such as 0.25."
    asked = held if threshold is None else threshold
    point = nearest(certificate.points, asked)
    note = ""
    if abs(point.threshold - asked) > ROUNDED:
        note = f"{asked:.4f} is none of the certificate's points; the nearest is shown."
    return _Point(
        name=name,
        asked=text or _written(held),
        held=_written(held),
        stops=tuple(_written(one.threshold) for one in certificate.points),
        wrong=wrong,
        note=note,
        standing=standing(certificate, point),
        figures=figures(certificate, point, requests),
        curve=curve_chart(certificate, point),
        calibration=calibration_chart(certificate) if certificate.calibration else None,
    )


def _written(threshold: float) -> str:
    return f"{threshold:.6f}".rstrip("0").rstrip(".")


def _facts(seen: RouterSeen) -> list[tuple[str, str]]:
    if seen.artifact is None:
        return []
    training = seen.artifact.training
    apgr = "–" if training.apgr is None else f"{training.apgr:.3f}"
    if training.apgr_interval is not None:
        low, high = training.apgr_interval
        apgr += f" ({low:.3f} to {high:.3f})"
    return [
        ("kind", training.kind),
        ("trained on", f"{training.rows:,} rows, {training.trained_on}"),
        ("sample", training.sample),
        ("APGR, out of fold", apgr),
        ("calibration error", f"{training.ece:.3f}"),
        ("cheap alone", f"{training.cheap_quality:.3f}"),
        ("premium alone", f"{training.premium_quality:.3f}"),
        ("learned from", training.learned),
    ]


def _blocks(seen: RouterSeen) -> list[page.Block]:
    if seen.artifact is None or seen.artifact.certificate is None:
        return []
    certificate = seen.artifact.certificate
    return [_certificate(certificate), _gap(certificate)]


def _certificate(certificate: Certificate) -> page.Items:
    told = [
        (
            f"Promise: {promise(certificate)}, "
            f"broken with a chance of at most {percent(certificate.risk)} ({certificate.method})."
        ),
        "No threshold keeps it."
        if certificate.threshold is None
        else f"Threshold {certificate.threshold:.4f}: {percent(certificate.escalation)} escalate.",
        (
            f"Measured on {certificate.rows:,} rows (sample {certificate.sample}), "
            f"{certificate.issued_on}."
        ),
        *(f"Assumed: {text}" for text in certificate.assumptions),
    ]
    if certificate.advice:
        told.append(certificate.advice)
    return page.Items("Certificate", tuple(told))


def _gap(certificate: Certificate) -> chart.Bars:
    """Where the operating point stands between the two models by themselves."""
    points = (
        ("always cheap", certificate.cheap_quality, palette.CHEAP),
        ("at the threshold", certificate.quality, palette.ROUTED),
        ("always premium", certificate.premium_quality, palette.PREMIUM),
    )
    bars = tuple(
        chart.Bar(name, (chart.Part(name, value, f"{value:.3f}", colour),), f"{value:.3f}")
        for name, value, colour in points
    )
    return chart.Bars(
        title="Mean score",
        description="What the certificate's rows scored with each model alone, and as routed.",
        groups=(("", bars),),
    )


def _compared(one: RouterSeen, other: RouterSeen) -> list[page.Block]:
    """The table of both, and their curves where both have them."""
    drawn = [
        (f"{seen.place}: {seen.version}", seen.artifact.certificate)
        for seen in (one, other)
        if seen.artifact is not None
        and seen.artifact.certificate is not None
        and seen.artifact.certificate.points
    ]
    table = _table(one, other)
    return [table] if len(drawn) < 2 else [table, curves_chart(*drawn)]


def _table(one: RouterSeen, other: RouterSeen) -> Table:
    rows = [
        (name, first, second)
        for (name, first), (_, second) in zip(_facts(one), _facts(other), strict=True)
    ]
    promised = [_promised(seen) for seen in (one, other)]
    rows += [
        (name, first, second)
        for (name, first), (_, second) in zip(promised[0], promised[1], strict=True)
    ]
    names = [f"{seen.place}: {seen.version}" for seen in (one, other)]
    return Table((Column(""), *map(Column, names)), tuple(rows), title="Side by side")


def _promised(seen: RouterSeen) -> list[tuple[str, str]]:
    """What a router's certificate says, in the lines of the comparison."""
    names = ("threshold", "escalation there", "mean score there", "promise")
    certificate = None if seen.artifact is None else seen.artifact.certificate
    if certificate is None:
        return [(name, "no certificate") for name in names]
    threshold = "none" if certificate.threshold is None else f"{certificate.threshold:.4f}"
    promised = f"{promise(certificate)}, risk {percent(certificate.risk)}"
    told = (threshold, percent(certificate.escalation), f"{certificate.quality:.3f}", promised)
    return list(zip(names, told, strict=True))
