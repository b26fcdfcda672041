"""`headgate decision`: what became of one request, step by step, from the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from headgate.bootstrap.decisions import decision_of
from headgate.bootstrap.policies import policies_of
from headgate.cli.ledger_options import ledger_options
from headgate.cli.open_ledger import Opened, open_ledger
from headgate.cli.options import json_option
from headgate.gateway.record import Pricer
from headgate.ledger.prompt import Prompt
from headgate.render.table import Column, Table, aligned, harmless, plain
from headgate.web.said import sides_of

__all__ = ["decision", "found_decision", "page"]


@click.command()
@click.argument("request_id")
@ledger_options
@click.option("--prompts", is_flag=True, help="Show what was asked and answered too, if stored.")
@json_option
def decision(
    request_id: str,
    *,
    prompts: bool,
    url: str | None,
    as_json: bool,
    config: Path | None,
    sets: tuple[str, ...],
) -> None:
    """Show what became of the request REQUEST_ID: what decided, every step, what it cost.

    The id is in the answer's header x-headgate-request-id.
    """
    with open_ledger(config, sets, url) as opened:
        found = found_decision(opened, request_id)
        prompt = opened.store.prompt(found["request_id"]) if prompts else None
    if as_json and prompts:
        found["prompt"] = None if prompt is None else msgspec.to_builtins(prompt)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    click.echo(page(found))
    if prompts:
        click.echo(f"\n{_told(prompt)}")


def found_decision(opened: Opened, request_id: str) -> dict[str, Any]:
    """A request's decision, with what each tier of the settings would have cost.

    Raises:
        RequestError: the ledger has no such request.
        StoreError: the ledger does not answer.
    """
    store, settings, book = opened
    if settings is None or book is None:
        return decision_of(store, request_id, [], None)
    lists = {entry.name: entry.prices for entry in settings.providers if entry.prices}
    tiers = list(policies_of(settings, book).tiers)
    return decision_of(store, request_id, tiers, Pricer(book, lists))


def page(found: dict[str, Any]) -> str:
    """A decision as text: what decided, what it cost, and a row for every step."""
    made, outcome, cost = found["decision"], found["outcome"], found["cost"]
    score = "" if made["score"] is None else f", score {made['score']:.4g}"
    score += "" if made["threshold"] is None else f" against {made['threshold']:.4g}"
    answered = outcome["model"] or f"nobody ({outcome['error'] or 'not served'})"
    saved = "" if cost["saved_usd"] is None else f", ${cost['saved_usd']} less than all premium"
    lines = [
        f"{found['request_id']}  {found['at']}  {plain(found['route'])}",
        f"  asked for   {plain(found['asked'])}"
        + (f" with key {found['key']}" if found["key"] else ""),
        f"  decided     {made['tier']}: {plain(made['why'])}{score}",
        f"  answered    {plain(answered)}",
        f"  cost        {_paid(cost)}{saved}",
    ]
    lines += [
        f"  ruled out   {other['tier']}: {other['ruled_out']}"
        for other in found["alternatives"]
        if other["ruled_out"]
    ]
    steps = Table(
        (
            *map(Column, ("step", "what", "model", "came of it")),
            Column("tokens in/out", right=True),
            Column("USD", right=True),
            Column("ms", right=True),
        ),
        tuple(_row(step) for step in found["steps"]),
    )
    return "\n".join([*lines, "", aligned(steps)])


def _paid(cost: dict[str, Any]) -> str:
    """What is known of the cost; an attempt without a known price never counts as 0."""
    unpriced = cost["unpriced_attempts"]
    if not unpriced:
        return f"${cost['paid_usd']}"
    more = f"{unpriced} attempt{'' if unpriced == 1 else 's'} of unknown cost"
    return more if cost["paid_usd"] is None else f"${cost['paid_usd']} and {more}"


def _told(prompt: Prompt | None) -> str:
    if prompt is None:
        return "Nothing is stored of its question and its answer."
    sides = [f"{side.title} ({side.size})\n{side.text or side.whole}" for side in sides_of(prompt)]
    return "\n".join(map(harmless, "\n\n".join(sides).split("\n")))


def _row(step: dict[str, Any]) -> tuple[str, ...]:
    usage = step["usage"]
    others = ("output", "reasoning", "service_tier")
    read = sum(usage[kind] for kind in usage if kind not in others)
    came = "served" if step["served"] else step["error"] or "done"
    return (
        str(step["attempt"]),
        step["cause"] if step["purpose"] == "answer" else step["purpose"],
        plain(step["model"]),
        f"status {step['status']}" if came == "status" else came,
        f"{read:,}/{usage['output']:,}",
        "unknown" if step["cost_usd"] is None else step["cost_usd"],
        f"{step['total_ms']:,.0f}",
    )
