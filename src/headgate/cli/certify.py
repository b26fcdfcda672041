"""`headgate certify`: chooses the threshold that keeps a promise, and writes it into the router."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from headgate.cli.files import FilePath, can_be_written, write_whole
from headgate.cli.graded import (
    Files,
    graded_options,
    need_train,
    open_graded,
    open_router,
    seed_option,
)
from headgate.cli.numbers import Real
from headgate.cli.options import json_option
from headgate.cli.vectors import vectors_of, vectors_option
from headgate.errors import ConfigError
from headgate.routing.artifact import Artifact, Certificate, dump, fingerprint
from headgate.values import NANO_PER_USD, percent

if TYPE_CHECKING:
    from headgate.analysis.certify import Goal

__all__ = ["certificate_page", "certify"]

ELSEWHERE = "The certificate goes into it: name a copy that may be changed."


@click.command()
@click.argument("router", type=FilePath())
@graded_options
@click.option(
    "--quality-floor",
    type=Real(0, 1, min_open=True),
    help="Least share of the premium quality, such as 0.98; the goal if none is named: 0.98.",
)
@click.option(
    "--max-escalation",
    type=Real(0, 1, min_open=True, max_open=True),
    help="Most requests that may go to premium, as a share.",
)
@click.option(
    "--max-bill", type=Real(0, 10**12, min_open=True), help="Most USD that a month may cost."
)
@click.option(
    "--requests",
    type=click.IntRange(1, 10**12),
    default=30_000,
    show_default=True,
    help="Requests in a month, for --max-bill.",
)
@click.option(
    "--risk",
    type=Real(0, 0.5, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="Probability that the promise may fail with.",
)
@click.option(
    "--hold-out",
    type=Real(0, 1, min_open=True),
    default=0.3,
    show_default=True,
    help="Share of the rows that training kept out; 1 where all these rows are new.",
)
@vectors_option
@seed_option
@json_option
def certify(
    router: Path,
    files: Files,
    quality_floor: float | None,
    max_escalation: float | None,
    max_bill: float | None,
    requests: int,
    risk: float,
    hold_out: float,
    vectors: Path | None,
    seed: int,
    *,
    as_json: bool,
) -> int:
    """Choose the threshold that keeps a promise, with its proof.

    The promise is a quality, an escalation rate or a bill.

    ROUTER is the file that `train` wrote; the certificate is written into it. FILES are graded
    rows, of which only those held out from training are used. Exit code 1 says that no threshold
    passed: then every request goes to premium.
    """
    need_train()
    from headgate.analysis.certify import certify as issue
    from headgate.analysis.train import fingerprint as sample
    from headgate.analysis.train import held_out

    goal = _goal(quality_floor, max_escalation, max_bill, requests, risk)
    artifact, _ = open_router(router)
    can_be_written(router, ELSEWHERE)
    rows = open_graded(files)
    if hold_out < 1:
        fit, rows = held_out(rows, share=hold_out, seed=seed)
        if artifact.training.sample != sample(fit):
            raise ConfigError(
                f"{router} was not trained on these rows with this seed and share held out.",
                fix="Give the files, --seed and --hold-out that `headgate train` was given, or "
                "--hold-out 1 with rows that the router has never seen.",
            )
    certificate = issue(
        artifact.router,
        rows,
        goal,
        cascade=artifact.training.kind == "verifier",
        vectors=vectors_of(artifact.router, router, vectors),
        seed=seed,
        on=datetime.now(UTC).date(),
    )
    certified = Artifact(
        router=artifact.router, training=artifact.training, certificate=certificate
    )
    data = dump(certified)
    write_whole(router, data, ELSEWHERE)
    if as_json:
        document = {
            "router": str(router),
            "version": fingerprint(data),
            "certificate": certificate,
        }
        click.echo(msgspec.json.format(msgspec.json.encode(document)).decode())
    else:
        click.echo(certificate_page(certificate))
        if certificate.threshold is not None:
            click.echo(_next(router, artifact.training.kind))
    return 1 if certificate.threshold is None else 0


def _next(router: Path, kind: str) -> str:
    """How what was certified is put into service."""
    if kind == "verifier":
        return f'Next: verifier = "{router}" below [classifier], with kind = "cascade".'
    return (
        f'Next: kind = "learned" and router = "{router}" below [classifier]; '
        "`headgate route` tries it."
    )


def _goal(
    floor: float | None, escalation: float | None, bill: float | None, requests: int, risk: float
) -> Goal:
    from headgate.analysis.certify import Goal

    if sum(value is not None for value in (floor, escalation, bill)) > 1:
        raise click.UsageError("Name one goal: --quality-floor, --max-escalation or --max-bill.")
    if escalation is not None:
        return Goal("escalation", escalation, risk)
    if bill is not None:
        return Goal("bill", bill * NANO_PER_USD / requests, risk)
    return Goal("quality", 0.98 if floor is None else floor, risk)


def certificate_page(certificate: Certificate) -> str:
    """A certificate for people."""
    promise = {
        "quality": f"quality of at least {percent(certificate.target)} of premium",
        "escalation": f"at most {percent(certificate.target)} of requests to premium",
        "bill": f"at most {certificate.target / NANO_PER_USD:.6f} USD a request",
    }[certificate.goal]
    if certificate.threshold is None:
        head = [
            f"No threshold passes for {promise}: every request goes to premium.",
            f"  {certificate.advice}",
        ]
    else:
        head = [
            (
                f"Threshold {certificate.threshold:.4f} for {promise}, "
                f"wrong with a probability of {percent(certificate.risk, 0)} at most."
            ),
        ]
    return "\n".join(
        [
            *head,
            (
                f"  on {certificate.rows:,} rows (sample {certificate.sample}), "
                f"{certificate.issued_on}: {certificate.method}"
            ),
            (
                f"  premium answers {percent(certificate.escalation)}; mean score "
                f"{certificate.quality:.3f}, always premium {certificate.premium_quality:.3f}, "
                f"always cheap {certificate.cheap_quality:.3f}"
            ),
            "  It holds as long as:",
            *(f"  - {assumption}" for assumption in certificate.assumptions),
        ]
    )
