"""A sample's description as a page for the terminal, and as one JSON document (docs/sample.md)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from headgate.analysis.sample import KINDS, Sample, Sum
from headgate.analysis.sketch import Names
from headgate.render.table import Column, Table, aligned, plain
from headgate.values import NANO_PER_USD, counted, dollars, percent, usd

__all__ = ["Described", "document", "page"]

QUANTILES = (0.05, 0.5, 0.95, 0.99)
BARS = " ▁▂▃▄▅▆▇█"
MOST = 8
MONTH = 30
WIDTH = 100


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """All that `headgate sample` has to say."""

    sample: Sample
    forms: dict[str, str]
    rejected: int
    reasons: dict[str, int]
    passed: int
    prices: str
    day: date
    notes: tuple[str, ...] = ()


def page(found: Described) -> str:
    """The page as text."""
    blocks = [
        [f"Headgate sample · {_files(found)} · {counted(found.sample.rows, 'call')}"],
        list(_volume(found.sample)),
        _tokens(found.sample),
        list(_bill(found)),
        list(_habits(found.sample)),
        _names("model", found.sample.models),
        _names("category", found.sample.categories),
        _names("task (digest of its system prompt)", found.sample.tasks),
        [f"Missing: {line}" for line in found.sample.missing] if found.sample.rows else [],
        [f"Note: {note}" for note in found.notes],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _files(found: Described) -> str:
    forms = sorted(set(found.forms.values()))
    return f"{counted(len(found.forms), 'file')} ({', '.join(forms)})"


def _volume(sample: Sample) -> Iterator[str]:
    if sample.first is None or sample.last is None:
        return
    ends = [_at(moment) for moment in (sample.first, sample.last)]
    days = sample.days
    rate = f", {counted(round(sample.rows / days), 'call')} a day" if days and days >= 1 else ""
    yield f"From {ends[0]} to {ends[1]} UTC{rate}."
    most = max(sample.by_hour)
    bars = "".join(BARS[-(-times * (len(BARS) - 1) // most)] for times in sample.by_hour)
    yield f"By hour of the day, 00 to 23 UTC: {bars}"
    yield f"Busiest hour: {counted(max(sample.hours.values()), 'call')}."


def _tokens(sample: Sample) -> list[str]:
    rows = []
    for kind in KINDS:
        sketch = sample.tokens[kind]
        if sketch.n:
            cells = [f"{sketch.quantile(share):,}" for share in QUANTILES]
            mean = sketch.mean or 0.0
            of = (kind.replace("_", " "), f"{sketch.n:,}", f"{mean:,.0f}", *cells)
            rows.append((*of, f"{sketch.most:,}", f"{sketch.total:,}"))
    if not rows:
        return []
    titles = ("tokens", "calls", "mean", "5 %", "median", "95 %", "99 %", "most", "sum")
    columns = tuple(Column(title, right=bool(n)) for n, title in enumerate(titles))
    return aligned(Table(columns, tuple(rows)), WIDTH).splitlines()


def _bill(found: Described) -> Iterator[str]:
    sample = found.sample
    if sample.recorded.priced:
        yield f"Cost by the log: {_sum(sample.recorded.sum, sample)}"
    if sample.facts["usage"]:
        yield f"Cost at list price: {_sum(sample.priced.sum, sample)}"
        for card in sample.others:
            yield f"All on {card.name}: {_sum(sample.repriced[card.id].sum, sample)}"
        yield f"Prices of {found.day}: {found.prices}."


def _sum(money: Sum, sample: Sample) -> str:
    if not money.priced:
        return f"unknown; no price for {counted(money.unpriced, 'call')}."
    text = _dollars(money.nano)
    days = sample.days
    if days and days >= 1:
        text += f", {_dollars(round(money.nano * MONTH / days))} in {MONTH} days"
    return text + (
        f"; {counted(money.unpriced, 'call')} without a price." if money.unpriced else "."
    )


def _dollars(nano: int) -> str:
    """Cents, or ten-thousandths where a sample is small."""
    return dollars(nano, 2 if nano >= NANO_PER_USD else 4)


def _habits(sample: Sample) -> Iterator[str]:
    facts = sample.facts
    if sample.cache_share is not None:
        yield f"Read from a prompt cache: {percent(sample.cache_share)} of the input."
    if facts["tells retry"]:
        yield f"Retries: {percent(facts['retry'] / facts['tells retry'])} of the calls."
    if facts["failed"]:
        yield f"Failed: {percent(facts['failed'] / sample.rows)} of the calls."
    if sample.prompts.repeated is not None:
        told = "" if sample.prompts.exact else ", as a sample of the prompts has it"
        yield f"Repeated word for word: {percent(sample.prompts.repeated)} of the prompts{told}."
    if facts["conversation"]:
        number = sample.conversations.number
        about = "" if sample.conversations.exact else "about "
        mean = facts["conversation"] / number
        yield f"Conversations: {about}{number:,}, {mean:.1f} calls each."
    if facts["pair"]:
        yield f"Graded for both models: {counted(facts['pair'], 'call')}."
    if facts["score"]:
        yield f"With a grade: {counted(facts['score'], 'call')}."


def _names(what: str, names: Names) -> list[str]:
    if not names.total:
        return []
    most = names.most(MOST)
    rows = [(plain(name), f"{times:,}", percent(times / names.total)) for name, times in most]
    rest = names.total - sum(times for _, times in most)
    if rest:
        rows.append(("(further)", f"{rest:,}", percent(rest / names.total)))
    columns = (Column(what), Column("calls", right=True), Column("share", right=True))
    return aligned(Table(columns, tuple(rows)), WIDTH).splitlines()


def _at(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M")


def document(found: Described) -> dict[str, Any]:
    """Money is text, exact in US dollars; shares are numbers of 0..1."""
    sample = found.sample
    return {
        "files": found.forms,
        "calls": sample.rows,
        "passed_over": found.passed,
        "rejected": {"rows": found.rejected, "reasons": found.reasons},
        "from": None if sample.first is None else _iso(sample.first),
        "to": None if sample.last is None else _iso(sample.last),
        "days": sample.days,
        "by_hour_of_day": sample.by_hour if sample.hours else None,
        "by_hour": {_iso(hour * 3600): sample.hours[hour] for hour in sorted(sample.hours)},
        "tokens": {kind: _kind(sample, kind) for kind in KINDS if sample.tokens[kind].n},
        "prices": {"source": found.prices, "at": str(found.day)},
        "cost": {
            "recorded": _money(sample.recorded.sum),
            "list_price": _money(sample.priced.sum),
            "as": {card.id: _money(sample.repriced[card.id].sum) for card in sample.others},
        },
        "cache_share": sample.cache_share,
        "retry_share": _share(sample, "retry", "tells retry"),
        "failed_share": sample.facts["failed"] / sample.rows if sample.rows else None,
        "prompts": {
            "distinct": sample.prompts.number,
            "repeated_share": sample.prompts.repeated,
            "exact": sample.prompts.exact,
        },
        "conversations": {
            "distinct": sample.conversations.number,
            "exact": sample.conversations.exact,
        },
        "models": dict(sample.models.most(sample.models.size)),
        "tasks": dict(sample.tasks.most(sample.tasks.size)),
        "categories": dict(sample.categories.most(sample.categories.size)),
        "graded": {"pairs": sample.facts["pair"], "scores": sample.facts["score"]},
        "missing": sample.missing,
        "notes": list(found.notes),
    }


def _kind(sample: Sample, kind: str) -> dict[str, Any]:
    sketch = sample.tokens[kind]
    quantiles = {str(share): sketch.quantile(share) for share in QUANTILES}
    return {
        "calls": sketch.n,
        "sum": sketch.total,
        "mean": sketch.mean,
        "least": sketch.least,
        "most": sketch.most,
        "quantiles": quantiles,
    }


def _money(money: Sum) -> dict[str, Any]:
    return {
        "usd": usd(money.nano) if money.priced else None,
        "priced": money.priced,
        "unpriced": money.unpriced,
    }


def _share(sample: Sample, part: str, whole: str) -> float | None:
    return sample.facts[part] / sample.facts[whole] if sample.facts[whole] else None


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()
