"""`headgate train`: graded rows in, one router file out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from headgate.cli.graded import (
    Files,
    graded_options,
    need_train,
    open_graded,
    seed_option,
)
from headgate.cli.options import json_option
from headgate.routing.artifact import Training, dump, fingerprint

__all__ = ["LEARNED", "recovered", "train"]

LEARNED = {
    "nothing": "Nothing in the requests tells which need premium, beyond chance: the router scores "
    "all alike. More graded rows may help.",
    "categories": "The texts add nothing to the categories: the router knows categories only.",
}
"""What a router says that fell back; nothing for one that did not."""


@click.command()
@graded_options
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("router.headgate"),
    show_default=True,
    help="Where to write the router.",
)
@click.option(
    "--hold-out",
    type=click.FloatRange(0, 0.9),
    default=0.3,
    show_default=True,
    help="Share of the rows, the latest, kept from training to evaluate and certify on.",
)
@click.option(
    "--verifier",
    is_flag=True,
    help="Make a verifier instead, which judges cheap answers: rows need columns draft_*.",
)
@seed_option
@json_option
def train(
    files: Files,
    output: Path,
    hold_out: float,
    seed: int,
    *,
    verifier: bool,
    as_json: bool,
) -> None:
    """Make a router from graded rows.

    FILES are read as `headgate sample` reads them. A request needs its `prompt` and the grades of
    both answers: `cheap` and `premium` from 0 to 1, a row for each model, or a verdict over both.
    `evaluate` and `certify` take the same files and seed and look only at the rows held out.
    """
    need_train()
    from headgate.analysis.train import held_out
    from headgate.analysis.train import train as fit

    rows, _ = held_out(open_graded(files), share=hold_out, seed=seed)
    artifact = fit(rows, verifier=verifier, seed=seed, on=datetime.now(UTC).date())
    data = dump(artifact)
    output.write_bytes(data)
    version = fingerprint(data)
    if as_json:
        document = {
            "router": str(output),
            "version": version,
            "bytes": len(data),
            "training": artifact.training,
        }
        click.echo(msgspec.json.format(msgspec.json.encode(document)).decode())
        return
    click.echo(_page(artifact.training, output, version, len(data)))


def _page(training: Training, output: Path, version: str, size: int) -> str:
    lines = [
        f"{output}: {training.kind} {version}, {size / 1024:,.0f} KiB, from {training.rows:,} rows",
        f"  always cheap        {training.cheap_quality:.3f} mean score",
        f"  always premium      {training.premium_quality:.3f}",
        f"  APGR, out of fold   {recovered(training)}",
        f"  calibration error   {training.ece:.3f}",
    ]
    if training.premium_quality <= training.cheap_quality:
        lines.append("Premium is no better than cheap on these rows: always cheap is as good.")
    if training.learned in LEARNED:
        lines.append(LEARNED[training.learned])
    lines.append("Next: `headgate evaluate` and `headgate certify` with the same files.")
    return "\n".join(lines)


def recovered(training: Training) -> str:
    """The APGR with its interval, in words where there is none."""
    if training.apgr is None:
        return "no gap to recover"
    if training.apgr_interval is None:
        return f"{training.apgr:.3f} (random 0.5)"
    low, high = training.apgr_interval
    return f"{training.apgr:.3f} [{low:.3f} {high:.3f}] (random 0.5)"
