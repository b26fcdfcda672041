"""An estimate as a page for the terminal, as JSON (docs/estimate.md), and as lines of settings."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from headgate.analysis.estimate import MOST_NEEDED, Estimate, Split
from headgate.costs.model import Breakdown
from headgate.costs.wording import headline, money
from headgate.monitor.figures import percent
from headgate.render.table import Column, Table, aligned, plain
from headgate.settings import Settings
from headgate.values import counted, usd

__all__ = ["Estimated", "Measured", "document", "page", "settings_text"]

WIDTH = 100
MOST = 20


class Measured(NamedTuple):
    """What the rows say of the traffic; None where they do not."""

    requests_per_day: int | None
    input_tokens: int | None
    output_tokens: int | None


class Estimated(msgspec.Struct, frozen=True, kw_only=True):
    """All that `headgate estimate` has to say."""

    estimate: Estimate
    measured: Measured
    settings: Settings
    """With the measured values."""
    source: str
    prices: str
    good: float
    notes: tuple[str, ...] = ()


def page(found: Estimated) -> str:
    """The page as text."""
    blocks = [
        _wrapped(f"Headgate estimate · {found.source} · {found.prices}"),
        _wrapped(_verdict(found.estimate)),
        list(_split(found.estimate)),
        _strata(found.estimate),
        list(_bill(found)),
        _wrapped(headline(found.estimate.wire)),
        [line for note in found.notes for line in _wrapped(f"Note: {note}")],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _verdict(found: Estimate) -> str:
    low, high = (float(end) for end in found.saving)
    sure = f"{found.confidence * 100:.4g} %"
    range_ = f"saves {_range(low, high)} ({sure} interval)"
    wanted = float(found.least_saving)
    least = f" of the {percent(wanted)} that it must save" if wanted else ""
    if found.verdict == "build":
        return f"Build: routing {range_}."
    if found.verdict == "do not build":
        short = f"; it must save {percent(wanted)}" if wanted else ""
        return f"Do not build: routing {range_}{short}."
    if found.needed is None:
        more = f"more than {MOST_NEEDED:,} graded requests would be needed: too close to call"
    else:
        lacking = found.needed - found.whole.cells.n
        more = f"{counted(lacking, 'more graded request')} {'is' if lacking == 1 else 'are'} needed"
        more += f" ({found.needed:,} in all), if the split stays as it is"
        if found.whole.corrected:
            more += " and humans grade the same part of them"
    return f"Not enough to tell{least}: routing {range_}; {more}."


def _range(low: float, high: float) -> str:
    """`44 to 57 %`, with as many decimals as tell both ends apart."""
    places = 0 if high - low >= 0.02 else 1 if high - low >= 0.002 else 2
    return f"{low * 100:.{places}f} to {high * 100:.{places}f} %"


def _split(found: Estimate) -> Iterator[str]:
    cells = found.whole.cells
    low, high = found.whole.interval
    yield (
        f"Hard: {percent(found.whole.share)} of {counted(cells.n, 'graded request')} "
        f"({percent(low)} to {percent(high)}), where only the premium answer will do."
    )
    if found.whole.groups < cells.n:
        yield (
            f"They are of {counted(found.whole.groups, 'conversation')} and tell as much as "
            f"{counted(max(1, round(found.whole.independent)), 'independent request')}."
        )
    if found.whole.corrected:
        yield (
            f"By the judge alone: {percent(cells.premium_only / cells.n)}; corrected by the "
            f"{counted(found.whole.human, 'request')} that humans graded too. "
            "What follows is the judge's:"
        )
    yield (
        f"Both will do: {percent(cells.both / cells.n)}. Only the cheap one: "
        f"{percent(cells.cheap_only / cells.n)}. Neither: {percent(cells.neither / cells.n)}."
    )


def _strata(found: Estimate) -> list[str]:
    if not found.strata:
        return []
    rows = [
        (
            plain(split.name) or "(none)",
            f"{split.cells.n:,}",
            percent(split.share),
            f"{percent(split.interval.low)} to {percent(split.interval.high)}",
        )
        for split in found.strata[:MOST]
    ]
    titles = (("stratum", False), ("graded", True), ("hard", True), ("interval", True))
    columns = tuple(Column(title, right=right) for title, right in titles)
    lines = aligned(Table(columns, tuple(rows)), WIDTH).splitlines()
    more = len(found.strata) - MOST
    return [*lines, f"and {more:,} more"] if more > 0 else lines


def _bill(found: Estimated) -> Iterator[str]:
    bills = sorted(_routed(at) for at in (found.estimate.at_low, found.estimate.at_high))
    now = found.estimate.at
    yield (
        f"A month routed: {money(_routed(now))} ({money(bills[0])} to {money(bills[1])}); "
        f"all premium: {money(now.realistic.all_premium.total)}; "
        f"all cheap: {money(now.realistic.all_cheap.total)}."
    )
    traffic, measured = found.settings.traffic, found.measured
    parts = [
        f"{value:,} {what} ({'measured' if known is not None else 'assumed'})"
        for value, what, known in (
            (traffic.requests_per_day, "requests a day", measured.requests_per_day),
            (traffic.input_tokens, "tokens in", measured.input_tokens),
            (traffic.output_tokens, "tokens out", measured.output_tokens),
        )
    ]
    yield f"Traffic: {', '.join(parts)}."
    if found.estimate.break_even is not None:
        least = found.estimate.least_saving
        what = percent(float(least)) if least else "anything"
        yield f"It saves {what} while fewer than {percent(found.estimate.break_even)} are hard."


def _routed(at: Breakdown) -> int:
    return at.realistic.routed.total


def settings_text(found: Estimated) -> str:
    """The measured values as sections of headgate.toml."""
    estimate = found.estimate
    low, high = sorted(float(at.escalation) for at in (estimate.at_low, estimate.at_high))
    cells, share = estimate.whole.cells, percent(estimate.whole.share)
    lines = [
        f"# By headgate estimate: {share} of {cells.n:,} requests are hard.",
        "# Take these values over into your headgate.toml.",
        "",
    ]
    traffic = [
        f"{name} = {value}" for name, value in found.measured._asdict().items() if value is not None
    ]
    if traffic:
        lines += ["[traffic]", *traffic, ""]
    lines += [
        "[escalation]",
        f"rate = {float(estimate.at.escalation):.6f}",
        f"low = {low:.6f}",
        f"high = {high:.6f}",
    ]
    return "\n".join(lines) + "\n"


def document(found: Estimated) -> dict[str, Any]:
    """Money is text, exact in US dollars; shares are numbers of 0..1."""
    estimate = found.estimate
    column = estimate.at.realistic
    low, high = sorted((estimate.at_low, estimate.at_high), key=_routed)
    traffic = found.settings.traffic
    return {
        "settings": found.source,
        "prices": found.prices,
        "verdict": estimate.verdict,
        "needed": estimate.needed,
        "confidence": estimate.confidence,
        "good": found.good,
        "split": _split_json(estimate.whole),
        "strata": [_split_json(split) for split in estimate.strata],
        "saving": {
            "estimate": None if column.saving is None else float(column.saving),
            "low": float(estimate.saving[0]),
            "high": float(estimate.saving[1]),
            "least": float(estimate.least_saving),
        },
        "bill": {
            "routed": usd(column.routed.total),
            "low": usd(_routed(low)),
            "high": usd(_routed(high)),
            "all_premium": usd(column.all_premium.total),
            "all_cheap": usd(column.all_cheap.total),
        },
        "break_even": {
            "hard_share": estimate.break_even,
            "escalation": [float(point.at) for point in estimate.wire.break_evens],
            "fragile": estimate.wire.fragile,
        },
        "escalation": {
            "rate": float(estimate.at.escalation),
            "low": float(min(estimate.at_low.escalation, estimate.at_high.escalation)),
            "high": float(max(estimate.at_low.escalation, estimate.at_high.escalation)),
        },
        "traffic": {
            name: {"value": getattr(traffic, name), "measured": value is not None}
            for name, value in found.measured._asdict().items()
        },
        "notes": list(found.notes),
    }


def _split_json(split: Split) -> dict[str, Any]:
    return {
        "stratum": split.name or None,
        "graded": split.cells.n,
        "both": split.cells.both,
        "premium_only": split.cells.premium_only,
        "cheap_only": split.cells.cheap_only,
        "neither": split.cells.neither,
        "hard_share": split.share,
        "human": split.human,
        "conversations": split.groups,
        "independent": split.independent,
        "low": split.interval.low,
        "high": split.interval.high,
    }
