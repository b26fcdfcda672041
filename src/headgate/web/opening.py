"""What the calculator says first: who is cheaper, until when, and the numbers that matter most."""

from __future__ import annotations

from decimal import Decimal

from headgate.costs.plan import headline
from headgate.costs.plan_document import figures
from headgate.costs.tripwire import Tripwire, tripwire
from headgate.costs.wording import headline as duel
from headgate.costs.wording import money, percent, written
from headgate.render import page
from headgate.web.planner import Planned

__all__ = ["opening"]


def opening(made: Planned) -> tuple[str, page.Figures]:
    """A sentence and figures, realistic; of routing and all premium as `headgate plan` says it."""
    breakdown = made.plan.breakdown
    if (made.a.name, made.b.name) == ("routed", breakdown.realistic.all_premium.name):
        return headline(breakdown), figures(breakdown)
    wire = tripwire(breakdown.scenario, a=made.a, b=made.b, interval=made.interval)
    return duel(wire), page.Figures(_figures(wire))


def _figures(wire: Tripwire) -> tuple[page.Figure, ...]:
    saved = wire.b_nano - wire.a_nano
    share = "–" if not wire.b_nano else percent(Decimal(abs(saved)) / wire.b_nano)
    found = [
        page.Figure(f"{wire.a.capitalize()}, a month", money(wire.a_nano), "realistic"),
        page.Figure(wire.b[:1].upper() + wire.b[1:], money(wire.b_nano), "realistic"),
        page.Figure(
            "Saved" if saved > 0 else "Lost", share, f"{money(abs(saved))} a month", good=saved > 0
        ),
    ]
    point = wire.nearest
    if point is not None:
        now = f"of requests escalate; now {written(wire.now, wire.unit)}"
        name = "Pays until" if point.cheaper_below == wire.a else "Pays from"
        at = written(point.at, wire.unit)
        found.append(page.Figure(name, at, now, good=wire.cheaper == wire.a))
    return tuple(found)
