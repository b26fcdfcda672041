"""`python -m benchmarks.routing`: the router beside its rivals on every recorded pair."""

from __future__ import annotations

import click
import numpy as np
from scipy.stats import binomtest

from benchmarks.routing.data import PAIRS, available, load
from benchmarks.routing.measure import RIVALS, Splits, quality, routes, splits
from headgate.analysis.certify import Goal
from headgate.analysis.curve import Measure

FLOORS = (0.9, 0.95, 0.98)


@click.command()
@click.option("--splits", "count", default=1000, type=click.IntRange(1), show_default=True)
@click.option("--risk", default=0.05, type=click.FloatRange(0, 0.5), show_default=True)
@click.option("--only", help="Only the pairs whose name holds this.")
def main(count: int, risk: float, only: str | None) -> None:
    """Print APGR with intervals, and how often certificates were broken."""
    directory = available()
    if directory is None:
        click.echo("Skipped: the recorded sets are not here; set HEADGATE_SHARED.", err=True)
        return
    leads = []
    for pair in PAIRS:
        if only and only not in pair.name:
            continue
        rows = load(directory, pair)
        found = routes(rows)
        measures = quality(rows, found)
        lead = (measures["router"].value or 0.0) - max(measures[n].value or 0.0 for n in RIVALS)
        leads.append(lead)
        figures = "  ".join(f"{name} {_interval(measures[name])}" for name in measures)
        click.echo(f"{pair.name:<20} n {len(rows):>6,}  {figures}  lead {lead:+.4f}")
        for floor in FLOORS:
            seen = splits(rows, found["router"], Goal("quality", floor, risk), count=count)
            click.echo(_certificate(floor, seen, risk))
    click.echo(f"mean lead {np.mean(leads):+.4f}, least {min(leads):+.4f}")


def _certificate(floor: float, seen: Splits, risk: float) -> str:
    tried, broken = len(seen.broken), int(seen.broken.sum())
    test = binomtest(broken, tried, risk, alternative="greater")
    low, high = binomtest(broken, tried).proportion_ci()
    more = seen.escalation - seen.theirs
    return (
        f"  floor {floor:.0%}: broken {broken}/{tried} [{low:.1%} {high:.1%}] "
        f"(p {test.pvalue:.3f}), refused {seen.refused.sum()}, "
        f"to premium {seen.escalation.mean():.1%}; MAPIE broken "
        f"{seen.theirs_broken.sum()}, to premium {seen.theirs.mean():.1%}; "
        f"more than MAPIE in {(more > 0).sum()}, at the most by {max(0.0, more.max()):.1%}"
    )


def _interval(measure: Measure) -> str:
    return f"{measure.value:.3f} [{measure.low:.3f} {measure.high:.3f}]"


if __name__ == "__main__":
    main()
