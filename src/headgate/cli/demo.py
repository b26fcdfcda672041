"""`headgate demo`: the whole loop on one machine, no key needed: plan, traffic, bill, audit."""

from __future__ import annotations

import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from headgate.bootstrap.book import book_of, prices_of
from headgate.cli.main import cli
from headgate.errors import ConfigError
from headgate.ledger.url import open_store
from headgate.prices.card import Card
from headgate.settings import read_with_sources
from headgate.testing.audit import Audit, audit
from headgate.testing.processes import Child, Children
from headgate.testing.sample import SampleRequest, sample
from headgate.testing.traffic import Outcome, send
from headgate.values import ModelRef, dollars, usd

__all__ = ["demo"]

CLASSIFIER = "gemini-2.5-flash"
CHEAP, PREMIUM = "claude-haiku-4-5", "claude-sonnet-4-6"
KEYS = {"google": "HEADGATE_DEMO_GOOGLE_KEY", "anthropic": "HEADGATE_DEMO_ANTHROPIC_KEY"}

CONCURRENCY = 16
STREAMED_EVERY = 3
SETTLING_SECONDS = 5.0
"""How long the ledger may lag behind the last answer."""

FAULTS = {
    "google": ("--overloaded", "0.01", "--empty", "0.005"),
    "anthropic": ("--overloaded", "0.02", "--rate-limited", "0.01", "--empty", "0.01"),
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
on_failure = "premium"

[tiers.cheap]
model = "anthropic/{cheap}"
retry_rate = 0.04

[tiers.premium]
model = "anthropic/{premium}"
retry_rate = 0.04

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

[ledger]
url = "sqlite:///{ledger}"
"""


@click.command()
@click.option(
    "--requests",
    "count",
    type=click.IntRange(1, 10_000),
    default=300,
    show_default=True,
    help="How many requests to send.",
)
@click.option("--seed", default=0, show_default=True, help="Another sample, other failures.")
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
    with _sigterm_is_ctrl_c(), _workspace(directory) as place, Children(place) as children:
        stage = _Stage(children, place, seed)
        _introduce(stage)
        requests = sample(count, seed=seed)
        outcomes = _send(stage, requests)
        found = stage.audit()
        _command("plan", "--config", str(stage.config))
        verdict = _command("report", "--config", str(stage.config))
        held = _conclude(requests, outcomes, found) and verdict == 0
        if keep:
            _stay(stage)
        return 0 if held else 1


@contextmanager
def _sigterm_is_ctrl_c() -> Iterator[None]:
    """Clean up on SIGTERM as on Ctrl-C."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
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
    directory.mkdir(parents=True, exist_ok=True)
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
        store = open_store(f"sqlite:///{self.ledger}", create=False)
        deadline = time.monotonic() + SETTLING_SECONDS
        try:
            while True:
                found = audit(store.entries(), calls, card)
                if found.equal or time.monotonic() > deadline:
                    return found
                time.sleep(0.05)
        finally:
            store.close()


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


def _cards(config: Path) -> Callable[[ModelRef], Card | None]:
    settings = read_with_sources(config, env={}).settings
    book, today = book_of(settings, str(config)), datetime.now(tz=UTC)
    return lambda ref: book.card(ref, today, prices_of=prices_of(settings, ref.provider))


def _introduce(stage: _Stage) -> None:
    click.echo("Headgate demo. The providers are simulated and the requests synthetic: no key is")
    click.echo("needed, nothing leaves this machine, and no answer means anything.\n")
    rows = {
        "gateway": f"{stage.gateway.address}/v1",
        "google": f"{stage.providers['google'].address}  simulated, speaks OpenAI",
        "anthropic": f"{stage.providers['anthropic'].address}  simulated, speaks Anthropic",
    }
    for name, text in rows.items():
        click.echo(f"  {name:<10} {text}")
    click.echo("  failures   4 % of answers: overloaded, rate limited, or empty but billed\n")


def _send(stage: _Stage, requests: Sequence[SampleRequest]) -> list[Outcome]:
    bodies: list[Mapping[str, object]] = [{"model": "auto", **r.body} for r in requests]
    with _progress(len(bodies)) as advance:
        return send(
            f"{stage.gateway.address}/v1",
            "none-is-asked",
            bodies,
            concurrency=CONCURRENCY,
            streamed=lambda number: number % STREAMED_EVERY == 0,
            done=lambda _outcome: advance(),
        )


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """A bar on a terminal; elsewhere a line for every quarter."""
    what = f"Sending {total} requests with the openai SDK"
    if not sys.stderr.isatty():
        count = iter(range(1, total + 1))

        def line() -> None:
            done = next(count)
            if done * 4 // total > (done - 1) * 4 // total:
                click.echo(f"{what}: {done}", err=True)

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)


def _command(*arguments: str) -> int:
    """Run one of our own commands as a user would, its line shown above it."""
    click.echo()
    click.secho(f"$ headgate {arguments[0]}", bold=True)
    code = cli.main(args=list(arguments), prog_name="headgate", standalone_mode=False)
    return code if isinstance(code, int) else 0


def _conclude(requests: Sequence[SampleRequest], outcomes: Sequence[Outcome], found: Audit) -> bool:
    """Say what held and what did not; whether all of it did."""
    usable = [outcome for outcome in outcomes if outcome.usable]
    escalated = sum(outcome.tier == "premium" for outcome in usable)
    hard = sum(request.hard for request in requests)
    click.echo()
    click.secho("What held", bold=True)
    answered = len(usable) == len(requests)
    streamed = sum(outcome.streamed for outcome in usable)
    _check(answered, f"{len(usable)} of {len(requests)} requests answered, {streamed} streamed")
    for outcome in outcomes:
        if not outcome.usable:
            click.echo(f"      request {outcome.number}: {outcome.error or 'nothing usable'}")
            break
    _check(
        bool(usable),
        f"{escalated} escalated ({escalated / max(1, len(usable)):.1%}); "
        f"{hard} were planted as hard ({hard / len(requests):.0%}), 20 % were planned",
    )
    _check(found.equal, f"Ledger ${usd(found.ledger_nano)}, providers ${usd(found.provider_nano)}")
    for line in found.lines:
        mark = "=" if line.equal else "is not"
        click.echo(
            f"      {line.model:<28} {line.ledger.calls:>5} calls "
            f"{dollars(line.ledger.nano or 0, 6):>11} {mark} "
            f"{dollars(line.provider.nano or 0, 6)}"
        )
    return answered and found.equal and not found.estimated


def _check(held: bool, text: str) -> None:
    click.secho("  ✓ " if held else "  ✗ ", fg="green" if held else "red", nl=False)
    click.echo(text)


def _stay(stage: _Stage) -> None:
    url = stage.gateway.address
    click.echo()
    click.secho("Still up. Look around, and stop with Ctrl-C.", bold=True)
    click.echo(f"  settings   {stage.config}")
    click.echo(f"  ledger     {stage.ledger}")
    click.echo(f"  log        {stage.gateway.log}")
    click.echo("\n  curl -s " + f"{url}/v1/models")
    click.echo(f"  curl -si {url}/v1/chat/completions -H 'content-type: application/json' \\")
    click.echo(
        '    -d \'{"model": "auto", "messages": [{"role": "user", "content": "Case HG-482137."}]}\''
    )
    click.echo(f"  headgate report --config {stage.config}")
    for child in stage.providers.values():
        click.echo(f"  curl -s {child.address}/_tally")
    try:
        while stage.gateway.alive:
            time.sleep(0.2)
    except KeyboardInterrupt:
        click.echo()
