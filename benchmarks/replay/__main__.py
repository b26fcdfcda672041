"""`python -m benchmarks.replay`: recorded prompts through the running gateway, then the figures."""

from __future__ import annotations

import secrets
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from benchmarks.replay.brain import CHEAP_MODEL, PREMIUM_MODEL, right
from benchmarks.replay.data import Recorded, available, load, pick
from benchmarks.replay.measure import Estimate, Quality, Seen, quality
from headgate.bootstrap.book import book_of, prices_of
from headgate.cli.progress import progress
from headgate.ledger.entry import Entry
from headgate.ledger.url import open_store
from headgate.prices.card import Card
from headgate.prices.service_tier import served_card
from headgate.settings import read_with_sources
from headgate.testing.audit import Audit, audit, settled
from headgate.testing.meter import Calls
from headgate.testing.processes import Children
from headgate.testing.traffic import Outcome, sdk, send
from headgate.values import ModelRef, dollars

JUDGE = "gemini-2.5-flash"
KEYS = {"judge": "HEADGATE_REPLAY_JUDGE_KEY", "answers": "HEADGATE_REPLAY_ANSWERS_KEY"}
STREAMED_EVERY = 4

SETTINGS = """\
# Written by `python -m benchmarks.replay`. One simulator answers for both models, in Anthropic's
# dialect; each stands under the provider whose price list holds.
[classifier]
kind = "model"
model = "google/{judge_model}"
timeout = 10.0          # this machine does everything at once, and may be slow

[tiers.cheap]
model = "mistral/{cheap}"
[tiers.premium]
model = "openai/{premium}"

[providers.google]
dialect = "openai"
base_url = "{judge}/v1"
api_key_env = "{judge_key}"
[providers.mistral]
dialect = "anthropic"
base_url = "{answers}"
api_key_env = "{answers_key}"
[providers.openai]
dialect = "anthropic"
base_url = "{answers}"
api_key_env = "{answers_key}"

[server]
listen = "127.0.0.1:0"
admin = ""
[ledger]
url = "sqlite:///{ledger}"
"""


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """Nano-dollars, over all attempts in the ledger."""

    classifier: int
    cheap: int
    premium: int
    all_premium: int
    """The served tokens, priced on the premium model."""
    ledger: int
    upstream: int
    """The upstreams' own token tally, priced with the same cards."""

    @property
    def saving(self) -> float:
        """Share of the all-premium bill."""
        return 1 - self.ledger / self.all_premium


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one replay found."""

    requests: int
    unanswered: int
    mismatched: int
    """Answers that are not what the model that served them had recorded."""
    attempts: int
    quality: Quality
    bill: Bill
    equal: bool
    """Ledger and tally agree on every model's calls, tokens and money."""

    @property
    def held(self) -> bool:
        """Nothing went missing, nothing was mixed up, and the books agree."""
        return self.equal and not self.unanswered and not self.mismatched


@click.command()
@click.option("--requests", default=2400, type=click.IntRange(1), show_default=True)
@click.option("--seed", default=0, show_default=True, help="Another pick of prompts.")
@click.option("--concurrency", default=16, type=click.IntRange(1, 256), show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def main(requests: int, seed: int, concurrency: int, *, as_json: bool) -> None:
    """Send recorded prompts through the gateway; exit 1 unless the books agree."""
    directory = available()
    if directory is None:
        click.echo(
            "Skipped: the data set routellm_mmlu_gsm8k is not here. "
            "Set HEADGATE_SHARED to the directory that holds data/.",
            err=True,
        )
        return
    sdk()
    rows = pick(load(directory), requests, seed)
    result = replay(rows, seed=seed, concurrency=concurrency)
    click.echo(document(result) if as_json else page(result))
    sys.exit(0 if result.held else 1)


def replay(rows: Sequence[Recorded], *, seed: int = 0, concurrency: int = 16) -> Result:
    """Start simulators and gateway, send every prompt, and compare."""
    with tempfile.TemporaryDirectory(prefix="headgate-replay-") as name, Children() as children:
        place = Path(name)
        answers = place / "answers.json"
        answers.write_bytes(msgspec.json.encode(rows))
        keys = {role: secrets.token_hex(16) for role in KEYS}
        judge = children.provider(
            "judge",
            *("--dialect", "openai", "--model", JUDGE, "--key", keys["judge"]),
            *("--brain", "benchmarks.replay.brain:ShapeBrain"),
        )
        upstream = children.provider(
            "answers",
            *("--dialect", "anthropic", "--key", keys["answers"], "--seed", str(seed)),
            *("--model", CHEAP_MODEL, "--model", PREMIUM_MODEL, "--overloaded", "0.005"),
            *("--brain", "benchmarks.replay.brain:RecordedBrain"),
            *("--brain-options", msgspec.json.encode({"path": str(answers)}).decode()),
        )
        config = place / "headgate.toml"
        config.write_text(
            SETTINGS.format(
                judge_model=JUDGE,
                cheap=CHEAP_MODEL,
                premium=PREMIUM_MODEL,
                judge=judge.address,
                answers=upstream.address,
                ledger=place / "headgate.db",
                **{f"{role}_key": variable for role, variable in KEYS.items()},
            ),
            encoding="utf-8",
        )
        gateway = children.gateway(config, {KEYS[role]: key for role, key in keys.items()})
        outcomes = _send(f"{gateway.address}/v1", rows, concurrency)
        calls = _by_provider(judge.calls(), upstream.calls())
        with closing(open_store(f"sqlite:///{place / 'headgate.db'}", create=False)) as store:
            card = _cards(config)
            found = settled(lambda: audit(store.entries(), calls, card))
            entries = list(store.entries())
    return _result(rows, outcomes, entries, found, seed)


def _send(base_url: str, rows: Sequence[Recorded], concurrency: int) -> list[Outcome]:
    bodies = [
        {"model": "auto", "messages": [{"role": "user", "content": row.prompt}]} for row in rows
    ]
    with progress(f"Sending {len(bodies)} recorded prompts", len(bodies)) as step:
        return send(
            base_url,
            "none-is-asked",
            bodies,
            concurrency=concurrency,
            streamed=lambda number: number % STREAMED_EVERY == 0,
            done=lambda _outcome: step(),
        )


def _by_provider(judge: Calls, answers: Calls) -> dict[str, Calls]:
    """The tallies under the providers' names in the settings, where one simulator plays two."""
    return {
        "google": judge,
        "mistral": {model: calls for model, calls in answers.items() if model == CHEAP_MODEL},
        "openai": {model: calls for model, calls in answers.items() if model == PREMIUM_MODEL},
    }


def _cards(config: Path) -> Callable[[ModelRef, str | None], Card | None]:
    settings = read_with_sources(config, env={}).settings
    book, today = book_of(settings, str(config)), datetime.now(tz=UTC)
    return lambda ref, tier: served_card(
        book, ref, today, tier, prices_of=prices_of(settings, ref.provider)
    )


def _result(
    rows: Sequence[Recorded],
    outcomes: Sequence[Outcome],
    entries: Sequence[Entry],
    found: Audit,
    seed: int,
) -> Result:
    seen: list[Seen] = []
    unanswered = mismatched = 0
    for row, outcome in zip(rows, outcomes, strict=True):
        mark = right(outcome.text)
        if not outcome.usable or mark is None:
            unanswered += 1
            continue
        escalated = outcome.tier == "premium"
        mismatched += mark != (row.premium_right if escalated else row.cheap_right)
        seen.append(Seen(row.cheap_right, row.premium_right, escalated, mark))
    return Result(
        requests=len(rows),
        unanswered=unanswered,
        mismatched=mismatched,
        attempts=len(entries),
        quality=quality(seen, seed),
        bill=_bill(entries, found),
        equal=found.equal and not found.estimated,
    )


def _bill(entries: Sequence[Entry], found: Audit) -> Bill:
    def cost(purpose: str, *, premium: bool = False) -> int:
        return sum(
            entry.cost_nano or 0
            for entry in entries
            if entry.purpose == purpose and (purpose == "classifier" or entry.premium == premium)
        )

    return Bill(
        classifier=cost("classifier"),
        cheap=cost("answer"),
        premium=cost("answer", premium=True),
        all_premium=sum(entry.premium_nano or 0 for entry in entries if entry.served),
        ledger=found.ledger_nano,
        upstream=found.provider_nano,
    )


def document(result: Result) -> str:
    """The result as JSON, money in nano-dollars."""
    fields = {**msgspec.to_builtins(result), "held": result.held, "unit": "nano-USD"}
    return msgspec.json.format(msgspec.json.encode(fields)).decode()


def page(result: Result) -> str:
    """The result for people, 80 columns wide."""
    found, bill = result.quality, result.bill
    relation = "=" if result.equal else "is not"
    return "\n".join(
        [
            f"Replay of {result.requests:,} recorded prompts (RouteLLM's evaluation: MMLU, GSM8K)",
            "through the gateway. The judge sees a prompt's text and guesses by its shape.",
            "",
            f"  escalated         {_share(found.escalated)}",
            "",
            "  accuracy, as recorded",
            f"    always Mixtral  {_share(found.always_cheap)}",
            f"    random mix      {_share(found.random_mix)}   the same share escalated",
            f"    routed          {_share(found.routed)}",
            f"    always GPT-4    {_share(found.always_premium)}",
            f"    routed − mix    {_share(found.gain, signed=True)}",
            "",
            "  bill",
            f"    classifier      {dollars(bill.classifier, 9):>14}",
            f"    Mixtral         {dollars(bill.cheap, 9):>14}",
            f"    GPT-4           {dollars(bill.premium, 9):>14}",
            f"    ledger          {dollars(bill.ledger, 9):>14}   {result.attempts:,} attempts",
            f"    upstream tally  {dollars(bill.upstream, 9):>14}   {relation} the ledger",
            f"    all GPT-4       {dollars(bill.all_premium, 9):>14}   saved {bill.saving:.1%}",
            "",
            f"  unanswered {result.unanswered} · answers of another model {result.mismatched}",
        ]
    )


def _share(estimate: Estimate, *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    return (
        f"{100 * estimate.value:{sign}6.1f} %  "
        f"({100 * estimate.low:{sign}.1f} to {100 * estimate.high:{sign}.1f})"
    )


if __name__ == "__main__":
    main()
