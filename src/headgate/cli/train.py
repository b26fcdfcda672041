"""`headgate train`: graded rows in, one router file out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from headgate.cli.files import FilePath, can_be_written, write_whole
from headgate.cli.graded import (
    Files,
    graded_options,
    need_train,
    open_graded,
    seed_option,
)
from headgate.cli.numbers import Real
from headgate.cli.options import json_option, open_settings, settings_options
from headgate.cli.vectors import beside, obtained, vector_options, wanted_of
from headgate.routing.artifact import Training, Trial, dump, fingerprint
from headgate.values import counted

__all__ = ["LEARNED", "recovered", "train", "tried"]

LEARNED = {
    "nothing": "Nothing in the requests tells which need premium, beyond chance: the router scores "
    "all alike. More graded rows may help.",
    "categories": "The texts add nothing to the categories: the router knows categories only.",
}
"""What a router says that fell back; nothing for one that did not."""

ELSEWHERE = "Name another file with --output."


@click.command()
@graded_options
@click.option(
    "-o",
    "--output",
    type=FilePath(),
    default=Path("router.headgate"),
    show_default=True,
    help="Where to write the router.",
)
@click.option(
    "--hold-out",
    type=Real(0, 0.9),
    default=0.3,
    show_default=True,
    help="Share of the rows, the latest, kept from training to evaluate and certify on.",
)
@click.option(
    "--verifier",
    is_flag=True,
    help="Make a verifier instead, which judges cheap answers: rows need columns draft_*.",
)
@vector_options
@seed_option
@settings_options
@json_option
def train(
    files: Files,
    output: Path,
    hold_out: float,
    embeddings: str | None,
    encoder: str | None,
    max_usd: str | None,
    vectors: Path | None,
    seed: int,
    config: Path | None,
    sets: tuple[str, ...],
    *,
    verifier: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Make a router from graded rows.

    FILES are read as `headgate sample` reads them. A request needs its `prompt` and the grades of
    both answers: `cheap` and `premium` from 0 to 1, a row for each model, or a verdict over both.
    `evaluate` and `certify` take the same files and seed and look only at the rows held out.
    With --embeddings the calls cost money: the price is said before the first one.
    """
    can_be_written(output, ELSEWHERE)
    wanted = wanted_of(embeddings, encoder, max_usd, vectors or beside(output), verifier=verifier)
    need_train()
    from headgate.analysis.train import held_out
    from headgate.analysis.train import train as fit

    graded = open_graded(files)
    rows, _ = held_out(graded, share=hold_out, seed=seed)
    found = None
    if wanted is not None:
        reading = open_settings(config, sets, need_file=True) if embeddings else None
        found = obtained(wanted, graded, reading, yes=yes, as_json=as_json)
        if found is None:
            click.echo("Nothing was sent.", err=True)
            return 1
    today = datetime.now(UTC).date()
    artifact = fit(rows, verifier=verifier, vectors=found, seed=seed, on=today)
    data = dump(artifact)
    write_whole(output, data, ELSEWHERE)
    version = fingerprint(data)
    if as_json:
        document = {
            "router": str(output),
            "version": version,
            "bytes": len(data),
            "training": artifact.training,
        }
        click.echo(msgspec.json.format(msgspec.json.encode(document)).decode())
    else:
        click.echo(_page(artifact.training, output, version, len(data)))
    return 0


def _page(training: Training, output: Path, version: str, size: int) -> str:
    lines = [
        (
            f"{output}: {training.kind} {version}, {size / 1024:,.0f} KiB, from "
            f"{counted(training.rows, 'row')}"
        ),
        f"  always cheap        {training.cheap_quality:.3f} mean score",
        f"  always premium      {training.premium_quality:.3f}",
        f"  APGR, out of fold   {recovered(training)}",
        f"  calibration error   {training.ece:.3f}",
    ]
    if training.premium_quality <= training.cheap_quality:
        lines.append("Premium is no better than cheap on these rows: always cheap is as good.")
    if training.learned in LEARNED:
        lines.append(LEARNED[training.learned])
    if training.embeddings is not None:
        lines.append(tried(training.embeddings))
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


def tried(trial: Trial) -> str:
    """What embeddings were worth, and whether the router needs them."""
    without = "" if trial.apgr is None else f" (APGR without them {trial.apgr:.3f})"
    known = (
        f"Embeddings of {trial.model}, {trial.dimension:,} numbers each, add "
        f"{trial.edge:+.4f} ± {trial.error:.4f} to the mean score{without}: "
    )
    if trial.kept:
        return known + "the router needs one for every request it scores."
    return known + "no more than chance may, so the router does without."
