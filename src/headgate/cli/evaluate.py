"""`headgate evaluate`: a router on the rows it has not seen, beside simple policies."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from headgate.cli.files import FilePath
from headgate.cli.graded import (
    Files,
    draws_option,
    graded_options,
    need_train,
    open_graded,
    open_router,
    seed_option,
)
from headgate.cli.numbers import Real
from headgate.cli.options import document_options, json_option, one_format
from headgate.cli.vectors import vectors_of, vectors_option
from headgate.errors import ConfigError

if TYPE_CHECKING:
    from headgate.analysis.evaluate import Evaluation

__all__ = ["evaluate"]


@click.command()
@click.argument("router", type=FilePath())
@graded_options
@click.option(
    "--hold-out",
    type=Real(0, 0.9, min_open=True),
    default=0.3,
    show_default=True,
    help="Share of the rows that training kept out; the same as for `train`.",
)
@draws_option(200)
@click.option(
    "--transfer",
    is_flag=True,
    help="Also train without each category or the later half, and test on it.",
)
@vectors_option
@seed_option
@json_option
@document_options
def evaluate(
    router: Path,
    files: Files,
    hold_out: float,
    draws: int,
    vectors: Path | None,
    seed: int,
    *,
    transfer: bool,
    as_json: bool,
    as_csv: bool,
    as_markdown: bool,
    as_html: bool,
) -> int:
    """Measure a router on rows it has not seen.

    Beside it stand always-cheap, category lookup, TF-IDF, nearest neighbours and the oracle.

    ROUTER is the file that `train` wrote, FILES are those it was trained on: the rows held out
    then are the ones looked at. Exit code 1 says that a simpler policy ranks requests better.
    """
    one_format(json=as_json, csv=as_csv, markdown=as_markdown, html=as_html)
    need_train()
    from headgate.analysis.evaluate import evaluate as measure
    from headgate.analysis.evaluate import transfer as transferred
    from headgate.analysis.train import fingerprint, held_out
    from headgate.cli.evaluate_page import leads, page

    artifact, version = open_router(router)
    rows = open_graded(files)
    fit, test = held_out(rows, share=hold_out, seed=seed)
    if not test or artifact.training.sample != fingerprint(fit):
        raise ConfigError(
            f"{router} was not trained on these rows with this seed and share held out.",
            fix="Give the files, --seed and --hold-out that `headgate train` was given. "
            "For rows that it has never seen there are `headgate certify --hold-out 1` "
            "and `headgate replay`.",
        )
    chosen = artifact.certificate.threshold if artifact.certificate else None
    cascade = artifact.training.kind == "verifier"
    found = measure(
        artifact.router,
        fit,
        test,
        threshold=chosen,
        cascade=cascade,
        vectors=vectors_of(artifact.router, router, vectors),
        times=draws,
        seed=seed,
    )
    if transfer:
        today = datetime.now(UTC).date()
        across = transferred(rows, times=draws, seed=seed, on=today)
        found = msgspec.structs.replace(found, transfer=across)
    if as_json:
        document = {"router": str(router), "version": version, **msgspec.structs.asdict(found)}
        click.echo(msgspec.json.format(msgspec.json.encode(document)).decode())
    elif as_csv or as_markdown or as_html:
        form = "csv" if as_csv else "html" if as_html else "markdown"
        click.echo(_in_form(found, version, form), nl=False)
    else:
        click.echo(page(found, version))
    return 0 if leads(found) else 1


def _in_form(found: Evaluation, version: str, form: str) -> str:
    from headgate.cli.evaluate_document import evaluation_document, policies_table
    from headgate.render.page import html, markdown
    from headgate.render.table import csv_text

    if form == "csv":
        return csv_text(policies_table(found))
    made = evaluation_document(found, version)
    return html(made) if form == "html" else markdown(made)
