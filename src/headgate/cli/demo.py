"""`headgate demo`: the whole loop on one machine, no key needed: plan, traffic, bill, audit."""

from __future__ import annotations

import os
import secrets
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import click
import msgspec

from headgate.bootstrap.book import book_of, prices_of
from headgate.cli.main import cli
from headgate.cli.numbers import SEED
from headgate.cli.progress import progress
from headgate.errors import ConfigError
from headgate.ledger.url import open_store
from headgate.prices.card import Card
from headgate.prices.service_tier import served_card
from headgate.settings import read_with_sources
from headgate.testing.audit import Audit, audit, settled
from headgate.testing.processes import Child, Children
from headgate.testing.sample import SampleBrain, SampleRequest, sample
from headgate.testing.traffic import Outcome, sdk, send
from headgate.values import NANO_PER_USD, ModelRef

__all__ = ["demo"]

CLASSIFIER = "gemini-2.5-flash"
CHEAP, PREMIUM = "claude-haiku-4-5", "claude-sonnet-4-6"
KEYS = {"google": "HEADGATE_DEMO_GOOGLE_KEY", "anthropic": "HEADGATE_DEMO_ANTHROPIC_KEY"}

CONCURRENCY = 16
STREAMED_EVERY = 3

FAULTS = {
    "google": ("--overloaded", "0.01"),
    "anthropic": ("--overloaded", "0.01", "--rate-limited", "0.01", "--empty", "0.02"),
}
PACE = {
    "google": ("--first", "0.04", "--spread", "0.4"),
    "anthropic": ("--first", "0.15", "--spread", "0.4", "--gap", "0.001"),
}

SETTINGS = """\
# Written by `headgate demo`. Its providers are simulated: nothing leaves this machine.

[traffic]
requests_per_day = 1000
input_tokens = 1000
output_tokens = 400

[classifier]
kind = "model"
model = "google/{classifier}"
input_tokens = 300
output_tokens = 20
max_chars = 400
timeout = 10.0          # this machine does everything at once, and may be slow
on_failure = "premium"

[tiers.cheap]
model = "anthropic/{cheap}"
retry_rate = 0.02

[tiers.premium]
model = "anthropic/{premium}"
retry_rate = 0.02

[escalation]
rate = 0.20
budget = 0.25

[providers.google]
dialect = "openai"
base_url = "{google}/v1"
api_key_env = "{google_key}"

[providers.anthropic]
dialect = "anthropic"
base_url = "{anthropic}"
api_key_env = "{anthropic_key}"

[server]
listen = "127.0.0.1:0"
admin = ""

[ledger]
url = "sqlite:///{ledger}"
"""


INTRODUCTION = """\
The whole loop on this machine: plan, traffic, bill. The providers are simulated
and the requests synthetic, so no key is needed and no answer means anything."""


@click.command()
@click.option(
    "--requests",
    "count",
    type=click.IntRange(1, 10_000),
    default=300,
    show_default=True,
    help="How many requests to send.",
)
@click.option(
    "--seed", type=SEED, default=0, show_default=True, help="Another sample, other failures."
)
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the settings, ledger and logs here; default: a temporary directory.",
)
@click.option("--keep", is_flag=True, help="Stay up afterwards, for a look around.")
def demo(count: int, seed: int, directory: Path | None, *, keep: bool) -> int:
    """Run the whole loop on this machine: plan, traffic, bill. No key is needed.

    Starts two simulated providers and the gateway, sends a synthetic sample through it with the
    openai SDK, and holds the bill against the plan and against the providers' own books. Exit code
    0 means that everything held, 1 that something did not.
    """
    sdk()  # before anything is started
    with _sigterm_is_ctrl_c(), _workspace(directory) as place, Children(place) as children:
        stage = _Stage(children, place, seed)
        click.echo(INTRODUCTION)
        _command("plan", stage.config)
        requests = sample(count, seed=seed)
        outcomes = _send(stage, requests)
        found = stage.audit()
        paying = _command("report", stage.config) == 0
        held = _conclude(stage, requests, outcomes, found, paying=paying)
        if keep:
            with suppress(KeyboardInterrupt):
                _stay(stage, children.pages(stage.config))
        else:
            _point_on()
        return 0 if held else 1


@contextmanager
def _sigterm_is_ctrl_c() -> Iterator[None]:
    """Clean up on SIGTERM as on Ctrl-C, which an event loop heeds between two steps of its own."""

    def end(number: int, frame: FrameType | None) -> None:
        if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # a shell's job in the background
            signal.default_int_handler(number, frame)
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _workspace(directory: Path | None) -> Iterator[Path]:
    if directory is None:
        with tempfile.TemporaryDirectory(prefix="headgate-demo-") as name:
            yield Path(name)
        return
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{directory} cannot be made: {error.strerror}.", fix="Name another with --dir."
        ) from error
    if not os.access(directory, os.W_OK):
        raise ConfigError(f"{directory} cannot be written to.", fix="Name another with --dir.")
    taken = [name for name in ("headgate.toml", "headgate.db") if (directory / name).exists()]
    if taken:
        raise ConfigError(
            f"There is a {' and a '.join(taken)} in {directory} already.",
            fix="Name an empty directory with --dir.",
        )
    yield directory.resolve()


class _Stage:
    """Two simulated providers, a settings file, and the gateway between them."""

    def __init__(self, children: Children, place: Path, seed: int) -> None:
        self.judge = SampleBrain(classifiers=[CLASSIFIER], seed=seed)
        self.config = place / "headgate.toml"
        self.ledger = place / "headgate.db"
        keys = {provider: secrets.token_hex(16) for provider in KEYS}
        self.providers = {
            "google": _provider(children, "google", "openai", keys["google"], [CLASSIFIER], seed),
            "anthropic": _provider(
                children, "anthropic", "anthropic", keys["anthropic"], [CHEAP, PREMIUM], seed
            ),
        }
        self.config.write_text(
            SETTINGS.format(
                classifier=CLASSIFIER,
                cheap=CHEAP,
                premium=PREMIUM,
                ledger=self.ledger,
                **{name: child.address for name, child in self.providers.items()},
                **{f"{name}_key": variable for name, variable in KEYS.items()},
            ),
            encoding="utf-8",
        )
        environment = {KEYS[provider]: key for provider, key in keys.items()}
        self.gateway = children.gateway(self.config, environment)

    def audit(self) -> Audit:
        """The ledger against the providers' books, once the last rows have come to rest."""
        card = _cards(self.config)
        calls = {name: child.calls() for name, child in self.providers.items()}
        with closing(open_store(f"sqlite:///{self.ledger}", create=False)) as store:
            return settled(lambda: audit(store.entries(), calls, card))


def _provider(
    children: Children, name: str, dialect: str, key: str, models: Sequence[str], seed: int
) -> Child:
    options = {"classifiers": [CLASSIFIER], "seed": seed}
    return children.provider(
        name,
        *("--dialect", dialect, "--key", key, "--seed", str(seed)),
        *(part for model in models for part in ("--model", model)),
        *("--brain", "headgate.testing.sample:SampleBrain"),
        *("--brain-options", msgspec.json.encode(options).decode()),
        *FAULTS[name],
        *PACE[name],
    )


def _cards(config: Path) -> Callable[[ModelRef, str | None], Card | None]:
    settings = read_with_sources(config, env={}).settings
    book, today = book_of(settings, str(config)), datetime.now(tz=UTC)
    return lambda ref, tier: served_card(
        book, ref, today, tier, prices_of=prices_of(settings, ref.provider)
    )


def _send(stage: _Stage, requests: Sequence[SampleRequest]) -> list[Outcome]:
    bodies: list[Mapping[str, object]] = [{"model": "auto", **r.body} for r in requests]
    click.echo()
    with progress(f"Sending {len(bodies)} requests with the openai SDK", len(bodies)) as step:
        return send(
            f"{stage.gateway.address}/v1",
            "none-is-asked",
            bodies,
            concurrency=CONCURRENCY,
            streamed=lambda number: number % STREAMED_EVERY == 0,
            done=lambda _outcome: step(),
        )


def _command(name: str, config: Path) -> int:
    """Run one of our own commands as a user would, its line shown above it."""
    click.echo()
    click.secho(f"$ headgate {name}", bold=True)
    code = cli.main(
        args=[name, "--config", str(config)], prog_name="headgate", standalone_mode=False
    )
    return code if isinstance(code, int) else 0


def _conclude(
    stage: _Stage,
    requests: Sequence[SampleRequest],
    outcomes: Sequence[Outcome],
    found: Audit,
    *,
    paying: bool,
) -> bool:
    """Say what held and what did not; whether all of it did."""
    click.echo()
    click.secho("What held", bold=True)
    return all(
        [
            answered(outcomes),
            routed(stage.judge, requests, outcomes),
            _check(paying, "Routing pays." if paying else "Routing does not pay."),
            audited(found),
        ]
    )


def answered(outcomes: Sequence[Outcome]) -> bool:
    """Every request came to an answer's end."""
    ended = [outcome for outcome in outcomes if outcome.ended]
    streamed = sum(outcome.streamed for outcome in ended)
    held = _check(
        len(ended) == len(outcomes),
        f"{len(ended)} of {len(outcomes)} requests were answered to the end, {streamed} streamed.",
    )
    failed = next((outcome for outcome in outcomes if not outcome.ended), None)
    if failed is not None:
        click.echo(f"    Request {failed.number}: {failed.error or 'the answer never ended'}")
    empty = sum(not outcome.usable for outcome in ended)
    if empty:
        click.echo(f"    Empty, as the provider gave them: {empty}.")
    return held


def routed(
    judge: SampleBrain, requests: Sequence[SampleRequest], outcomes: Sequence[Outcome]
) -> bool:
    """Each request went to the tier that the classifier named, where it named one."""
    judged = [
        outcome.tier == ("premium" if judge.escalates(request.case) else "cheap")
        for request, outcome in zip(requests, outcomes, strict=True)
        if outcome.reason == "classifier"
    ]
    escalated = sum(outcome.tier == "premium" for outcome in outcomes)
    hard = sum(request.hard for request in requests)
    held = _check(
        all(judged),
        f"{sum(judged)} went where the classifier sent them, {len(outcomes) - len(judged)} to a "
        "safe tier.",
    )
    click.echo(f"    {escalated} escalated. {hard} were planted as hard; the classifier errs.")
    return held


def audited(found: Audit) -> bool:
    """The ledger's bill and the providers' own books are the same to the nano-dollar."""
    relation = "is" if found.equal else "is not"
    held = _check(
        found.equal and not found.estimated,
        f"The bill of {_exact(found.ledger_nano)} {relation} what the providers counted:",
    )
    for line in found.lines:
        ledger, provider = line.ledger, line.provider
        click.echo(
            f"    {line.model:<27} {ledger.calls:>5} calls  {_exact(ledger.nano)} "
            f"{'=' if line.equal else '≠'} {_exact(provider.nano)}"
        )
    return held


def _exact(nano: int | None) -> str:
    """To the nano-dollar, unlike the rounded figures of plan and report."""
    if nano is None:
        return "unpriced"
    return f"${nano // NANO_PER_USD}.{nano % NANO_PER_USD:09d}"


def _check(held: bool, text: str) -> bool:
    click.secho("  ✓ " if held else "  ✗ ", fg="green" if held else "red", nl=False)
    click.echo(text)
    return held


def _point_on() -> None:
    click.echo()
    click.secho("Next", bold=True)
    click.echo("  headgate demo --keep   stays up: the dashboard in a browser, requests of yours")
    click.echo("  headgate init          writes a headgate.toml for providers of yours")


def _stay(stage: _Stage, pages: Child) -> None:
    url = stage.gateway.address
    click.echo()
    click.secho("Still up. Look around, and stop with Ctrl-C.", bold=True)
    click.echo(f"  pages      {pages.address}")
    click.echo(f"  gateway    {url}/v1")
    click.echo(f"  settings   {stage.config}")
    click.echo(f"  ledger     {stage.ledger}")
    click.echo(f"  log        {stage.gateway.log}")
    click.echo(f"\n  curl -s {url}/v1/models")
    click.echo(f"  curl -si {url}/v1/chat/completions -d \\")
    body = '{"model":"auto","messages":[{"role":"user","content":"Case HG-482137"}]}'
    click.echo(f"    '{body}'")
    click.echo(f"  headgate report --config {stage.config}")
    for child in stage.providers.values():
        click.echo(f"  curl -s {child.address}/_tally")
    while stage.gateway.alive:
        time.sleep(0.2)
