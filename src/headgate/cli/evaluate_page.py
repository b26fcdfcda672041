"""An evaluation as a page for the terminal."""

from __future__ import annotations

from headgate.analysis.curve import Measure
from headgate.analysis.evaluate import Evaluation
from headgate.values import percent

__all__ = ["cost_of", "leads", "measure_of", "page", "share_of", "unit_of"]


def leads(found: Evaluation) -> bool:
    """Whether no simple policy has the better APGR; the oracle is none."""
    ours = found.policies["router"].apgr.value
    others = [
        figures.apgr.value
        for name, figures in found.policies.items()
        if name not in ("router", "oracle") and figures.apgr.value is not None
    ]
    return ours is not None and all(ours >= other for other in others)


def page(found: Evaluation, version: str) -> str:
    """The page as text."""
    which = ", the latest" if found.later else ""
    lines = [
        f"Router {version} on {found.rows:,} held-out rows{which}; 95 % intervals",
        *([] if found.groups is None else [f"of {found.groups:,} conversations, drawn whole"]),
        "",
        f"  always cheap    {measure_of(found.always_cheap)} mean score",
        f"  always premium  {measure_of(found.always_premium)}",
        "",
        (
            f"  {'':<17}{'APGR':<22}{'CPT50':>6}{'CPT80':>7}{'CPT95':>7}"
            f"   cost at 95 / 98 / 99 % ({unit_of(found)})"
        ),
    ]
    for name, f in found.policies.items():
        shares = "".join(f"{share_of(m):>7}" for m in (f.cpt50, f.cpt80, f.cpt95))
        costs = " / ".join(cost_of(m, found) for m in (f.cost95, f.cost98, f.cost99))
        lines.append(f"  {name:<16} {measure_of(f.apgr):<21}{shares}   {costs}")
    errors = found.errors
    lines += [
        "",
        (
            f"  at threshold {errors.threshold:.3f}: {percent(errors.cheap_share)} to cheap, "
            f"{percent(errors.premium_share)} to premium, mean score {measure_of(errors.quality)}"
        ),
        f"    sent to cheap though only premium was right  {measure_of(errors.missed)}",
        f"    sent to premium though it did no better      {measure_of(errors.wasted)}",
        f"  calibration error {measure_of(found.ece)}, Brier {measure_of(found.brier)}",
    ]
    if found.transfer:
        lines += ["", "  APGR on what a router was trained without"]
        lines += [f"    {name:<24} {measure_of(m)}" for name, m in found.transfer.items()]
    return "\n".join(lines)


def measure_of(measure: Measure) -> str:
    """A value with its interval, or a dash."""
    value, low, high = measure
    if value is None:
        return "-"
    return f"{value:.3f}" if low is None else f"{value:.3f} [{low:.3f} {high:.3f}]"


def share_of(measure: Measure) -> str:
    """A share of requests in per cent, or a dash."""
    return "-" if measure.value is None else percent(measure.value)


def cost_of(measure: Measure, found: Evaluation) -> str:
    """A cost in USD, or in premium shares where the rows have no costs; or a dash."""
    if measure.value is None:
        return "-"
    return f"{measure.value / 1e9:.6f}" if found.priced else percent(measure.value)


def unit_of(found: Evaluation) -> str:
    """What `cost_of` is in."""
    return "USD a request" if found.priced else "premium share"
