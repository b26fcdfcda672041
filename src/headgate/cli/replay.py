"""`headgate replay`: what a policy would have cost and reached on graded requests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from headgate.analysis.readers.formats import LEDGER
from headgate.analysis.rows import GradedRow
from headgate.bootstrap.book import book_of
from headgate.bootstrap.policies import policies_of
from headgate.cli.files import FilePath
from headgate.cli.graded import (
    Files,
    Read,
    draws_option,
    good_option,
    graded_options,
    need_train,
    open_router,
    read_graded,
    seed_option,
)
from headgate.cli.numbers import Real
from headgate.cli.options import json_option, open_settings, settings_options
from headgate.cli.replay_page import Told, document, page
from headgate.errors import ConfigError
from headgate.routing.learned import learned
from headgate.settings import Settings
from headgate.values import counted

if TYPE_CHECKING:
    from headgate.analysis.replay import Course

__all__ = ["replay"]


@click.command()
@graded_options
@click.option(
    "--policy",
    "names",
    multiple=True,
    metavar="NAME",
    help="A policy of the file, or auto for [classifier]; repeatable; default: all.",
)
@click.option(
    "--router",
    type=FilePath(),
    help="A learned router's file to replay beside them.",
)
@click.option(
    "--threshold",
    "thresholds",
    type=Real(0, 1),
    multiple=True,
    help="Score from which --router sends to premium; repeatable; default: its certificate's.",
)
@click.option(
    "--hold-out",
    type=Real(0, 1, min_open=True),
    default=0.3,
    show_default=True,
    help="Share of the rows that training kept out, where a router was trained on these files.",
)
@good_option
@draws_option(1000)
@seed_option
@settings_options
@json_option
def replay(  # one argument a flag
    files: Files,
    names: tuple[str, ...],
    router: Path | None,
    thresholds: tuple[float, ...],
    hold_out: float,
    good: float,
    draws: int,
    seed: int,
    config: Path | None,
    sets: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    """Say what policies would have cost and reached on graded requests.

    The policies are those of the settings file, decided by the gateway's own code. Beside them
    stand all-cheap, all-premium, a lottery and the oracle. FILES are graded rows, as for
    `headgate train`.
    """
    need_train()
    from headgate.analysis.replay import limits
    from headgate.analysis.replay import replay as run

    if thresholds and router is None:
        raise click.UsageError("--threshold is of --router: name one.")
    settings = open_settings(config, sets, need_providers=False).settings
    read = read_graded(files)
    rows, unseen = _unseen(read.rows, _routers(settings, router), hold_out, seed)
    found = [
        *_of_file(settings, rows, names),
        *(_of_router(router, thresholds, rows) if router is not None else ()),
    ]
    chooses = next((one for one in found if 0 < one.premium.mean() < 1), None)
    known = [*found, *limits(rows, chooses)]
    told = Told(
        rows=len(rows),
        policies=run(rows, known, good=good, times=draws, seed=seed),
        requests_a_month=settings.traffic.requests_per_day * 30,
        notes=[*read.notes, *unseen, *_cautions(read)],
    )
    click.echo(
        msgspec.json.format(msgspec.json.encode(document(told))).decode() if as_json else page(told)
    )


def _of_file(settings: Settings, rows: list[GradedRow], names: tuple[str, ...]) -> Iterator[Course]:
    from headgate.analysis.replay import courses

    today = datetime.now(UTC)
    policies = policies_of(settings, book_of(settings), today.date())
    known = {policy.name: policy for policy in policies.policies}
    for name in names or known:
        if name not in known:
            raise ConfigError(
                f"There is no policy {name!r}.", fix=f"The file has {', '.join(known)}."
            )
        yield from courses(known[name], policies.tiers, rows, name)


def _of_router(
    router: Path, thresholds: tuple[float, ...], rows: list[GradedRow]
) -> Iterator[Course]:
    from headgate.analysis.replay import scored

    artifact, version = open_router(router)
    for threshold in thresholds or (None,):
        found = learned(artifact, version, threshold=threshold, name=str(router))
        if found.embedding is not None:
            raise ConfigError(
                f"{router} needs embeddings of {found.embedding}, which a replay does not ask for.",
                fix="`headgate evaluate` has them and says what this router reaches.",
            )
        yield scored(found, rows, f"{router.name} from {found.threshold:.3f}")


def _routers(settings: Settings, router: Path | None) -> dict[str, str]:
    """The routers that take part, by their file: the fingerprint of what each was trained on."""
    deciders = (settings.classifier, *settings.policies)
    names = {one.router for one in deciders if one.kind == "learned" and one.router}
    paths = [Path(name) for name in sorted(names)] + ([router] if router is not None else [])
    return {str(path): open_router(path)[0].training.sample for path in paths}


def _unseen(
    rows: list[GradedRow], routers: dict[str, str], hold_out: float, seed: int
) -> tuple[list[GradedRow], list[str]]:
    """The rows that no router was trained on, as far as that can be told, and what to say of it."""
    if not routers:
        return rows, []
    from headgate.analysis.train import fingerprint, held_out

    if fingerprint(rows) in routers.values():
        return rows, ["A router was trained on these very rows: its figures flatter it."]
    fit, test = held_out(rows, share=hold_out, seed=seed) if hold_out < 1 else ([], rows)
    if fit and test and fingerprint(fit) in routers.values():
        return test, [
            (
                f"Left out, for all policies alike: {counted(len(fit), 'row')} that a router was "
                "trained on."
            )
        ]
    return rows, [
        "Nothing says that a router was trained on these rows; if it was, it is flattered."
    ]


def _cautions(read: Read) -> Iterator[str]:
    """What a replay of these rows cannot know."""
    rows = read.rows
    yield (
        "The intervals are for requests such as these rows. If rows were graded because of how "
        "they were routed, or of their answers, they are not the traffic, and no interval says so."
    )
    if LEDGER in read.forms:
        yield (
            "A policy chose which tier served what is in the ledger: where only the served answer "
            "is graded, the other's grade is not known, and such requests are not among the rows."
        )
    unpriced = sum(row.cheap_nano is None or row.premium_nano is None for row in rows)
    if unpriced:
        yield (
            f"{counted(unpriced, 'row')} without the cost of both answers: there is no bill. Give "
            "cheap_usd and premium_usd."
        )
    else:
        yield (
            "Costs are those of the rows, caches as they were: a policy that changes the model "
            "within a conversation reads less from them. Retries and classifier calls are not in."
        )
    if any(row.turns > 1 for row in rows):
        yield "Of earlier turns only the number is known: rules for words see the last one alone."
