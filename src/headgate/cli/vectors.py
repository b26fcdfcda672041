"""What commands share over embeddings: the options, the file of vectors, and how it is filled."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from headgate.analysis.purse import Purse
from headgate.analysis.rows import GradedRow
from headgate.analysis.vectors import SUFFIX, VectorFile, Vectors, vector_file
from headgate.cli.files import FilePath
from headgate.cli.progress import progress
from headgate.cli.spending import agreed, amount, model
from headgate.errors import ConfigError
from headgate.values import ModelRef, counted, usd

if TYPE_CHECKING:
    from headgate.bootstrap.asking import Embedder
    from headgate.routing.router import Router
    from headgate.settings import Reading, Settings

__all__ = ["Wanted", "beside", "obtained", "vector_options", "vectors_of", "vectors_option"]
__all__ += ["wanted_of"]

WHAT = "Training"
CONCURRENCY = 4

_Callback = TypeVar("_Callback", bound=Callable[..., Any])


class Wanted(NamedTuple):
    """Which embeddings, what they may cost in nano-USD, and where they are kept."""

    ref: ModelRef | None
    """Of an endpoint; None: code at hand."""
    encoder: str
    cap: int
    path: Path


def vectors_option(command: _Callback) -> _Callback:
    """Add `--vectors FILE`; the function receives `vectors: Path | None`."""
    return click.option(
        "--vectors",
        type=FilePath(),
        help="The file of embeddings; default: the router's name with .vectors after it.",
    )(command)


def vector_options(command: _Callback) -> _Callback:
    """Add all that `train` may be told of embeddings."""
    for option in (
        click.option("--yes", is_flag=True, help="Spend without asking."),
        vectors_option,
        click.option(
            "--max-usd",
            metavar="USD",
            help="Most that --embeddings may cost, over all runs with this file of vectors.",
        ),
        click.option(
            "--encoder",
            metavar="MODULE:CALLABLE",
            help="Try embeddings made here: a callable from a list of texts to a vector for each.",
        ),
        click.option(
            "--embeddings",
            metavar="MODEL",
            help="Try embeddings of a model, as provider/model of the settings file.",
        ),
    ):
        command = option(command)
    return command


def beside(router: Path) -> Path:
    """Where a router's vectors are kept by default."""
    return router.with_name(router.name + SUFFIX)


def wanted_of(
    embeddings: str | None, encoder: str | None, max_usd: str | None, path: Path, *, verifier: bool
) -> Wanted | None:
    """What the options ask for; None: no embeddings.

    Raises:
        UsageError, ConfigError: they do not go together, or one has no meaning.
    """
    if embeddings is None and encoder is None:
        if max_usd is not None:
            raise click.UsageError("--max-usd is for --embeddings.")
        return None
    if embeddings is not None and encoder is not None:
        raise click.UsageError("Name one of --embeddings and --encoder.")
    if verifier:
        raise click.UsageError("A verifier does not look at embeddings.")
    if encoder is not None:
        return Wanted(None, encoder, 0, path)
    if max_usd is None:
        raise click.UsageError("--embeddings costs money: say how much it may with --max-usd.")
    ref = model("--embeddings", embeddings or "", WHAT)
    return Wanted(ref, "", amount(max_usd, WHAT), path)


def obtained(
    wanted: Wanted,
    rows: Sequence[GradedRow],
    reading: Reading | None,
    *,
    yes: bool,
    as_json: bool,
) -> Vectors | None:
    """The embeddings of all rows; None where a person said no to their price.

    What the file has already is neither asked for nor paid again.

    Raises:
        ConfigError: the model cannot be asked, or not for this money, or the encoder is none.
        UpstreamError: the provider failed, for good.
    """
    from headgate.bootstrap.embedding import batches, encode, encoder_of

    with vector_file(wanted.path) as file:
        if wanted.ref is None:
            encoder = encoder_of(wanted.encoder)
            texts = file.lacking(wanted.encoder, rows)
            with progress("Embedding", len(batches(texts))) as step:
                encode(texts, wanted.encoder, encoder, file, step)
            return file.vectors(wanted.encoder, "local")
        assert reading is not None  # noqa: S101 - read for an endpoint
        texts = file.lacking(str(wanted.ref), rows)
        if texts and not _paid(wanted, texts, file, reading, yes=yes, as_json=as_json):
            return None
        return file.vectors(str(wanted.ref), "endpoint")


def _paid(
    wanted: Wanted,
    texts: Sequence[str],
    file: VectorFile,
    reading: Reading,
    *,
    yes: bool,
    as_json: bool,
) -> bool:
    from headgate.bootstrap.asking import embedder_of
    from headgate.bootstrap.book import book_of
    from headgate.bootstrap.embedding import forecast

    assert wanted.ref is not None  # noqa: S101 - only an endpoint is paid
    settings = reading.settings
    book, today = book_of(settings, str(reading.file)), datetime.now(UTC).date()
    seat = embedder_of(settings, os.environ, book, today, wanted.ref)
    price, spent = forecast(texts, seat), file.receipts.spent
    click.echo(
        f"{counted(len(texts), 'text')} to embed with {wanted.ref}: about ${usd(price.expected)}, "
        f"at most ${usd(price.worst)}; spent so far ${usd(spent)}, cap ${usd(wanted.cap)}.",
        err=True,
    )
    if price.worst > wanted.cap - spent:
        raise ConfigError(
            "Nothing was sent: the money may not suffice.",
            fix=f"Set --max-usd to {usd(price.worst + spent)} or more.",
        )
    if not yes and not agreed(as_json=as_json):
        return False
    _run(settings, seat, texts, file, Purse(wanted.cap, spent))
    return True


def _run(
    settings: Settings, seat: Embedder, texts: Sequence[str], file: VectorFile, purse: Purse
) -> None:
    from headgate.bootstrap.asking import Asker, Patience
    from headgate.bootstrap.embedding import batches, embed
    from headgate.bootstrap.gateway import upstream_of

    async def embedding() -> None:
        upstream = upstream_of(settings)
        patience = Patience(
            backoff_base=settings.resilience.backoff_base,
            backoff_max=max(20.0, settings.resilience.backoff_max),
        )
        asker = Asker(
            upstream,
            file.receipts,
            concurrency=CONCURRENCY,
            patience=patience,
            jitter=random.random,
        )
        try:
            with progress("Embedding", len(batches(texts))) as step:
                await embed(texts, seat, asker, purse, step)
        finally:
            await upstream.close()

    try:
        asyncio.run(embedding())
    except ExceptionGroup as group:
        raise group.exceptions[0] from None


def vectors_of(router: Router, name: Path, given: Path | None) -> Vectors | None:
    """The embeddings that a router needs, from their file; None where it needs none.

    Raises:
        ConfigError: there is no such file, or it cannot be used.
    """
    head = router.head
    if head is None:
        return None
    path = given or beside(name)
    if not path.is_file():
        raise ConfigError(
            f"{name} needs embeddings of {head.model}, and there is no file {path}.",
            fix="Name the file of vectors that `headgate train` wrote with --vectors.",
        )
    with vector_file(path) as file:
        return file.vectors(head.model, head.source)
