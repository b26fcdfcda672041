"""What an agent is told that it can ask: each tool with its description, schema and answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from headgate.cli import mcp_answers as answers
from headgate.cli.mcp_answers import Place, Said, Told
from headgate.cli.mcp_schemas import SCHEMAS, Schema

__all__ = ["INSTRUCTIONS", "TOOLS", "Tool"]

INSTRUCTIONS = """\
Headgate sends each LLM request to a cheap model or a premium one, and says what that saves. Ask \
`plan` what routing would cost a month, `tripwire` where it stops paying, the price tools what \
models cost; `status` and `report` say whether routing pays by the bill so far. Nothing is \
written, and no provider is called. Amounts are US dollars as exact text (`..._usd`), prices US \
dollars per million tokens, shares numbers from 0 to 1; null is not known, which is not 0."""


class Tool(NamedTuple):
    """One thing that can be asked."""

    title: str
    description: str
    answer: Callable[[Place, Said], Told]
    """Arguments that have passed `schema`.

    Raises:
        HeadgateError, click.ClickException: what is wrong with them, or with the settings.
    """
    schema: Schema


def _tool(
    name: str, title: str, description: str, answer: Callable[[Place, Said], Told]
) -> tuple[str, Tool]:
    return name, Tool(title, description, answer, SCHEMAS[name])


TOOLS: dict[str, Tool] = dict(
    (
        _tool(
            "plan",
            "Plan what routing costs",
            "What a month of LLM traffic would cost when easy requests go to a cheap model and "
            "hard ones to a premium one, beside all-premium and all-cheap: naive, realistic and "
            "worst case, with the saving, the break-even and what would reach a target. Plans "
            "with the server's settings (or a built-in example), a text or an archetype; the other "
            "arguments try changes out.",
            answers.told_plan,
        ),
        _tool(
            "tripwire",
            "Find where routing stops paying",
            "For each parameter (escalation, prices, tokens, retries ...) the value at which two "
            "alternatives cost the same, and how far away that is. By default routing against the "
            "premium model for everything.",
            answers.told_tripwire,
        ),
        _tool(
            "archetypes",
            "List typical applications",
            "Typical LLM applications with their traffic, their sources and what a month costs; "
            "with a name also its headgate.toml, to change and give to `plan` as `toml`.",
            answers.told_archetypes,
        ),
        _tool(
            "search_prices",
            "Search models by name and price",
            "Models whose name has all the words, with their prices in US dollars per million "
            "tokens on a day, from a dated public list and the settings' own prices.",
            answers.told_search_prices,
        ),
        _tool(
            "model_price",
            "Show a model's prices",
            "Every price of one model on a day, US dollars per million tokens: input, output, "
            "cache reads and writes, long contexts, hours, batches; with its source.",
            answers.told_model_price,
        ),
        _tool(
            "compare_prices",
            "Compare models on one call",
            "What one call of so many tokens, and a month of such calls, costs on several models, "
            "cheapest first. Without retries, caches or routing: `plan` knows those.",
            answers.told_compare_prices,
        ),
        _tool(
            "check",
            "Check a headgate.toml",
            "What is wrong with the text of a headgate.toml, or with the server's own file: every "
            "fault with its line, its field and how to mend it, and what is doubtful.",
            answers.told_check,
        ),
        _tool(
            "route",
            "Say where a prompt would go",
            "What the gateway would do with a prompt by the server's settings: the tier and model, "
            "why, the score and its threshold, and what one answer would cost on each tier. Nobody "
            "is called.",
            answers.told_route,
        ),
        _tool(
            "status",
            "Say whether routing pays now",
            "From the ledger: whether routing pays, whether the escalation budget holds, drift, "
            "quality, the month's bill and its forecast. `ok` is false where the answer is no.",
            answers.told_status,
        ),
        _tool(
            "report",
            "Hold the bill against the plan",
            "From the ledger, over a period: what was paid beside what was planned, line by line, "
            "what the difference comes from, the saving, and a verdict with its interval.",
            answers.told_report,
        ),
        _tool(
            "decision",
            "Explain one request",
            "From the ledger: what became of one request, what decided, every call that was made "
            "for it and its cost, and what the other tiers would have cost. Never its text.",
            answers.told_decision,
        ),
    )
)
"""By name, in the order in which they are listed."""
