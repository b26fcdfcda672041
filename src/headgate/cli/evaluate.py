"""`headgate evaluate`: a router on the rows it has not seen, beside simple policies."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from headgate.cli.graded import (
    Files,
    graded_options,
    need_train,
    open_graded,
    open_router,
    seed_option,
)
from headgate.cli.options import json_option
from headgate.errors import ConfigError

if TYPE_CHECKING:
    from headgate.analysis.curve import Measure
    from headgate.analysis.evaluate import Evaluation

__all__ = ["evaluate"]


@click.command()
@click.argument("router", type=click.Path(path_type=Path, dir_okay=False))
@graded_options
@click.option(
    "--hold-out",
    type=click.FloatRange(0, 0.9, min_open=True),
    default=0.3,
    show_default=True,
    help="Share of the rows that training kept out; the same as for `train`.",
)
@click.option(
    "--draws",
    type=click.IntRange(20, 10_000),
    default=200,
    show_default=True,
    help="Bootstrap draws for the intervals.",
)
@click.option("--transfer", is_flag=True, help="Also train without each category and test on it.")
@seed_option
@json_option
def evaluate(
    router: Path,
    files: Files,
    hold_out: float,
    draws: int,
    seed: int,
    *,
    transfer: bool,
    as_json: bool,
) -> int:
    """Measure a router on rows it has not seen.

    Beside it stand always-cheap, category lookup, TF-IDF, nearest neighbours and the oracle.

    ROUTER is the file that `train` wrote, FILES are those it was trained on: the rows held out
    then are the ones looked at. Exit code 1 says that a simpler policy ranks requests better.
    """
    need_train()
    from headgate.analysis.evaluate import evaluate as measure
    from headgate.analysis.evaluate import transfer as transferred
    from headgate.analysis.train import fingerprint, held_out

    artifact, version = open_router(router)
    rows = open_graded(files)
    fit, test = held_out(rows, share=hold_out, seed=seed)
    if not test or artifact.training.sample != fingerprint(fit):
        raise ConfigError(
            f"{router} was not trained on these rows with this seed and share held out.",
            fix="Give the files, --seed and --hold-out that `headgate train` was given.",
        )
    chosen = artifact.certificate.threshold if artifact.certificate else None
    cascade = artifact.training.kind == "verifier"
    found = measure(
        artifact.router, fit, test, threshold=chosen, cascade=cascade, times=draws, seed=seed
    )
    if transfer:
        today = datetime.now(UTC).date()
        across = transferred(rows, times=draws, seed=seed, on=today)
        found = msgspec.structs.replace(found, transfer=across)
    if as_json:
        document = {"router": str(router), "version": version, **msgspec.structs.asdict(found)}
        click.echo(msgspec.json.format(msgspec.json.encode(document)).decode())
    else:
        click.echo(_page(found, version))
    return 0 if _leads(found) else 1


def _leads(found: Evaluation) -> bool:
    """Whether no simple policy has the better APGR; the oracle is none."""
    ours = found.policies["router"].apgr.value
    others = [
        figures.apgr.value
        for name, figures in found.policies.items()
        if name not in ("router", "oracle") and figures.apgr.value is not None
    ]
    return ours is not None and all(ours >= other for other in others)


def _page(found: Evaluation, version: str) -> str:
    unit = "USD a request" if found.priced else "premium share"
    lines = [
        f"Router {version} on {found.rows:,} held-out rows; 95 % intervals",
        "",
        f"  always cheap    {_measure(found.always_cheap)} mean score",
        f"  always premium  {_measure(found.always_premium)}",
        "",
        (
            f"  {'':<17}{'APGR':<22}{'CPT50':>6}{'CPT80':>7}{'CPT95':>7}"
            f"   cost at 95 / 98 / 99 % ({unit})"
        ),
    ]
    for name, f in found.policies.items():
        shares = "".join(f"{_share(m):>7}" for m in (f.cpt50, f.cpt80, f.cpt95))
        costs = " / ".join(_cost(m, priced=found.priced) for m in (f.cost95, f.cost98, f.cost99))
        lines.append(f"  {name:<16} {_measure(f.apgr):<21}{shares}   {costs}")
    errors = found.errors
    lines += [
        "",
        (
            f"  at threshold {errors.threshold:.3f}: {errors.cheap_share:.1%} to cheap, "
            f"{errors.premium_share:.1%} to premium, mean score {_measure(errors.quality)}"
        ),
        f"    sent to cheap though only premium was right  {_measure(errors.missed)}",
        f"    sent to premium though it did no better      {_measure(errors.wasted)}",
        f"  calibration error {_measure(found.ece)}, Brier {_measure(found.brier)}",
    ]
    if found.transfer:
        lines += ["", "  APGR on a category the router was trained without"]
        lines += [f"    {name:<24} {_measure(m)}" for name, m in found.transfer.items()]
    return "\n".join(lines)


def _measure(measure: Measure) -> str:
    value, low, high = measure
    if value is None:
        return "-"
    return f"{value:.3f}" if low is None else f"{value:.3f} [{low:.3f} {high:.3f}]"


def _share(measure: Measure) -> str:
    return "-" if measure.value is None else f"{measure.value:.1%}"


def _cost(measure: Measure, *, priced: bool) -> str:
    if measure.value is None:
        return "-"
    return f"{measure.value / 1e9:.6f}" if priced else f"{measure.value:.1%}"
