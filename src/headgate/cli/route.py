"""`headgate route`: what the gateway would do with a request, without calling anybody."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from headgate.bootstrap.book import book_of
from headgate.bootstrap.forecast import Forecast, Forecaster
from headgate.cli.files import FilePath
from headgate.cli.options import open_settings, settings_options
from headgate.errors import ConfigError, RequestError
from headgate.gateway.paths import DIALECTS
from headgate.routing.features import CATEGORY_HEADER
from headgate.routing.policies import Origin
from headgate.values import percent, usd
from headgate.wire.lane import Inbound, read

__all__ = ["Common", "Problem", "block", "forecast", "forecast_document", "route"]

CHAT, MESSAGES, RESPONSES = "/v1/chat/completions", "/v1/messages", "/v1/responses"


@click.command()
@click.argument("prompt", required=False)
@settings_options
@click.option(
    "--file",
    type=FilePath(exists=True, allow_dash=True),
    help="A file of requests or prompts, one a line; - is stdin.",
)
@click.option("--model", default="auto", help="What the caller asks for.", show_default=True)
@click.option("--path", help="The path that requests come in by; default: what their form says.")
@click.option("--header", "headers", multiple=True, metavar="NAME:VALUE", help="A request header.")
@click.option("--key", help="The id of the virtual key that requests are sent with.")
@click.option("--max-tokens", type=click.IntRange(1), help="The longest answer asked for.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON: one object; with --file one a line."
)
def route(
    prompt: str | None,
    config: Path | None,
    sets: tuple[str, ...],
    *,
    file: Path | None,
    model: str,
    path: str | None,
    headers: tuple[str, ...],
    key: str | None,
    max_tokens: int | None,
    as_json: bool,
) -> int:
    """Say what the gateway would do with a PROMPT, without calling anybody.

    The tier and why, the score and its threshold, the tiers that are ruled out, and what one answer
    would cost on each tier. Where a model would have to be asked, that is said instead of guessed.
    With --file every line is a request as JSON (chat completions, Responses or Messages), an object
    with `prompt`, or a prompt as plain text. Exit code 1 says that a request would be refused.
    """
    if (prompt is None) == (file is None):
        raise click.UsageError("Give either a PROMPT or --file.")
    if path is not None and path not in DIALECTS:
        raise click.UsageError(f"The paths are {', '.join(_PATHS)}.")
    reading = open_settings(config, sets, need_file=True)
    book = book_of(reading.settings, str(reading.file))
    forecaster = Forecaster(reading.settings, book, datetime.now(UTC))
    common = Common(model, path, _headers(headers), key, max_tokens)
    if prompt is not None:
        told = forecast(forecaster, common, {"prompt": prompt})
        click.echo(_json(told) if as_json else block(told))
        return int(_is_refused(told))
    assert file is not None  # noqa: S101 - one of the two is there
    with click.open_file(str(file), encoding="utf-8", errors="replace") as lines:
        return _each(forecaster, common, lines, as_json=as_json)


_PATHS = (CHAT, RESPONSES, MESSAGES)


class Common(msgspec.Struct, frozen=True):
    """What holds for every request that does not say otherwise."""

    model: str = "auto"
    path: str | None = None
    headers: Mapping[str, str] = {}
    key: str | None = None
    max_tokens: int | None = None


class Problem(msgspec.Struct, frozen=True):
    """A request that would be refused before anything is decided."""

    error: str


def _headers(given: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for text in given:
        name, colon, value = text.partition(":")
        if not colon or not name.strip():
            raise click.BadParameter(f"{text!r} is not NAME:VALUE.", param_hint="--header")
        found[name.strip().lower()] = value.strip()
    return found


def _each(forecaster: Forecaster, common: Common, lines: Iterable[str], *, as_json: bool) -> int:
    """Every line by itself, as it comes; then the shares."""
    tiers: Counter[str] = Counter()
    refused = 0
    if not as_json:
        click.echo(_row("line", ("tier", "reason", "score", "tokens", "cost")))
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if "\0" in line:
            raise ConfigError(
                f"Line {number} of --file holds a null byte: that is no text in UTF-8.",
                fix="Unpack the file, or save it as UTF-8.",
            )
        told = forecast(forecaster, common, _parsed(line))
        refused += _is_refused(told)
        if isinstance(told, Forecast):
            tiers[_where(told)] += 1
        click.echo(_json(told, number) if as_json else _row(number, _cells(told)))
    if not as_json:
        whole = tiers.total()
        for name, count in tiers.most_common():
            click.echo(f"{name}: {count:,} of {whole:,} ({percent(count / whole)})")
        if refused:
            click.echo(f"{refused:,} would be refused.")
    if not tiers and not refused:
        click.echo("There is no request in the file.", err=True)
    return int(refused > 0)


def _parsed(line: str) -> Mapping[str, object]:
    """A line as a request: JSON that is an object, or else the text of a prompt."""
    try:
        found: object = json.loads(line)
    except (ValueError, RecursionError):
        found = line.strip()
    if isinstance(found, dict):
        return found
    return {"prompt": found if isinstance(found, str) else line.strip()}


def forecast(
    forecaster: Forecaster, common: Common, request: Mapping[str, object]
) -> Forecast | Problem:
    """What would become of a request: its fields as JSON, or `prompt` in place of the messages."""
    try:
        inbound, path = _inbound(common, request)
        return forecaster.of(inbound, Origin(path, common.key))
    except RequestError as error:
        return Problem(f"{error.message} {error.fix or ''}".strip())


def _inbound(common: Common, request: Mapping[str, object]) -> tuple[Inbound, str]:
    """A request as the gateway would read it, and the path that it would come in by."""
    fields = dict(request)
    headers = dict(common.headers)
    category = fields.pop("category", None)
    if isinstance(category, str):
        headers.setdefault(CATEGORY_HEADER, category)
    path = common.path
    if "prompt" in fields:
        text = fields.pop("prompt")
        place = "input" if path == RESPONSES else "messages"
        fields[place] = [{"role": "user", "content": text}]
    if path is None:
        path = RESPONSES if "input" in fields else CHAT
    fields.setdefault("model", common.model)
    longest = "max_output_tokens" if path == RESPONSES else "max_tokens"
    if common.max_tokens is not None:
        fields.setdefault(longest, common.max_tokens)
    elif path == MESSAGES:
        fields.setdefault(longest, 1024)  # that dialect cannot do without
    return read(DIALECTS[path], msgspec.json.encode(fields), headers), path


def _is_refused(told: Forecast | Problem) -> bool:
    return isinstance(told, Problem) or told.outcome == "refuse"


def _where(told: Forecast) -> str:
    if told.outcome == "ask classifier":
        return "would ask for an embedding" if _embeds(told) else "would ask the classifier"
    return told.tier or "refused"


def _embeds(told: Forecast) -> bool:
    return "embedding" in told.would_ask


def _json(told: Forecast | Problem, line: int | None = None) -> str:
    return json.dumps(forecast_document(told, line), ensure_ascii=False)


def forecast_document(told: Forecast | Problem, line: int | None = None) -> dict[str, object]:
    """A forecast as JSON has it: costs are US dollars as text, null where no price is known."""
    document: dict[str, object] = {} if line is None else {"line": line}
    if isinstance(told, Problem):
        document |= {"outcome": "refuse", "error": told.error}
    else:
        document |= msgspec.to_builtins(told)
        document["costs"] = {
            tier: None if nano is None else usd(nano) for tier, nano in told.costs.items()
        }
    return document


def _row(line: object, cells: tuple[str, str, str, str, str]) -> str:
    """One line of the table; widths are fixed, so that nothing is held back."""
    where, reason, score, tokens, cost = cells
    return f"{line:>6}  {where:<24}  {reason:<22}  {score:>6}  {tokens:>9}  {cost:>13}".rstrip()


def _cells(told: Forecast | Problem) -> tuple[str, str, str, str, str]:
    if isinstance(told, Problem):
        return ("refused", told.error, "", "", "")
    cost = told.costs.get(told.tier or "")
    return (
        _where(told),
        _reason(told),
        "" if told.score is None else f"{told.score:.3f}",
        f"{told.input_tokens:,}",
        "" if cost is None else f"${usd(cost)}",
    )


def _reason(told: Forecast) -> str:
    asked = f", would ask {' and '.join(told.would_ask)}" if told.would_ask and told.draft else ""
    return f"{told.reason}{' (draft' + asked + ')' if told.draft else ''}"


def block(told: Forecast | Problem) -> str:
    """One request as text, fact by fact."""
    if isinstance(told, Problem):
        return f"refused: {told.error}"
    facts: dict[str, str] = {}
    if told.outcome == "ask classifier":
        who = "for the embedding," if _embeds(told) else "the classifier,"
        facts["would ask"] = f"{who} {told.model}; {told.tier} answers where it fails"
    elif told.outcome == "refuse":
        facts["refused"] = "no tier can serve it"
    else:
        facts["tier"] = f"{told.tier} ({told.model})"
    if told.outcome != "ask classifier":
        facts["reason"] = _reason(told)
    facts["policy"] = told.policy or "none: the caller has chosen"
    if told.score is not None:
        threshold = "" if told.threshold is None else f"; from {told.threshold:.3f} on to premium"
        facts["score"] = f"{told.score:.3f}{threshold}"
    if told.ruled_out:
        facts["ruled out"] = ", ".join(f"{tier} ({why})" for tier, why in told.ruled_out.items())
    facts["tokens"] = f"about {told.input_tokens:,} in, {told.output_tokens:,} out"
    for tier, nano in told.costs.items():
        facts[f"cost on {tier}"] = "not known" if nano is None else f"${usd(nano)}"
    width = max(map(len, facts))
    return "\n".join(f"{name:<{width}}  {fact}" for name, fact in facts.items())
