"""What `headgate label` says: the price beforehand, and afterwards what came of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from headgate.analysis.receipts import Receipts
from headgate.bootstrap.labelling import Bench, Forecast, Outcome
from headgate.values import NANO_PER_USD, counted, dollars, percent, usd

__all__ = ["Told", "document", "page", "priced"]

CUT = "length"
MOST = 3


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """All that there is to say afterwards."""

    outcome: Outcome
    human: set[str]
    """Requests that a human graded too."""
    strangers: int
    """Grades by humans of requests that were not labelled."""
    spent: int
    cap: int
    rows: int
    unaskable: dict[str, int]
    output: str
    state: str
    bench: Bench
    notes: list[str]


def priced(items: int, price: Forecast, receipts: Receipts, cap: int, bench: Bench) -> str:
    """The price, before the first call."""
    answering = f"answered by {bench.cheap.ref} and {bench.premium.ref}"
    lines = [
        f"{counted(items, 'request')}, each {answering} and judged twice by {bench.judge.ref}."
    ]
    if not price.calls:
        lines.append("All of it is paid already: nothing is sent.")
        return "\n".join(lines)
    lines.append(
        f"{counted(price.calls, 'call')}: about {_money(price.expected)}, at most "
        f"{_money(price.worst)}. The cap is {_money(cap)}, of which {_money(receipts.spent)} is "
        "spent."
    )
    left = cap - receipts.spent
    if price.expected > left:
        lines.append("That is more than the cap leaves: not every request will be labelled.")
    if receipts.lost:
        lines.append(
            f"Under way when the last run was killed: {counted(receipts.lost, 'call')}. What may "
            "have been billed counts as spent at its most, and is sent again where needed."
        )
    return "\n".join(lines)


def _money(nano: int) -> str:
    return dollars(nano, 2 if nano >= NANO_PER_USD else 4)


def page(told: Told) -> str:
    """The outcome as text."""
    found = told.outcome
    total = len(found.labelled) + len(found.unlabelled) + found.left
    money = f"{_money(told.spent)} of {_money(told.cap)} spent"
    lines = [
        f"{told.output}: {len(found.labelled):,} of {counted(total, 'request')} labelled, {money}."
    ]
    for reason, times in _reasons(told).most_common(MOST):
        lines.append(f"  {times:,} not labelled: {reason}")
    if found.left:
        lines.append(
            f"  {found.left:,} not begun: the money, or the failures, put an end to it. Those that "
            "were labelled are a random part all the same."
        )
    lines += _quality(told)
    lines += [f"Note: {note}" for note in told.notes]
    lines.append(
        f"{told.state} holds requests' answers, and so does the output: keep them as you keep your "
        "data."
    )
    if found.labelled:
        lines.append(f"Next: `headgate estimate {told.output}`, `headgate train {told.output}`.")
    return "\n".join(lines)


def _reasons(told: Told) -> Counter[str]:
    return Counter(one.reason for one in told.outcome.unlabelled)


def _quality(told: Told) -> list[str]:
    found = told.outcome.labelled
    if not found:
        return []
    swung = sum(one.verdict.swung for one in found)
    lines = [
        f"The judge changed sides with the order in {percent(swung / len(found))} of the cases."
    ]
    cut = sum(CUT in (one.cheap.stop, one.premium.stop) for one in found)
    if cut:
        lines.append(f"{cut:,} have an answer cut at --max-tokens: the judge saw what was there.")
    if told.human:
        lines.append(f"{len(told.human):,} are graded by a human too: `estimate` corrects by them.")
    else:
        lines.append(
            "No human has graded any: a judge's bias goes into all that follows. --sheet FILE "
            "writes some for humans, --human FILE reads them."
        )
    if told.strangers:
        lines.append(f"{told.strangers:,} grades by humans are of requests not among these.")
    return lines


def document(told: Told) -> dict[str, Any]:
    """Money is text, exact in US dollars."""
    found = told.outcome
    return {
        "output": told.output,
        "state": told.state,
        "labelled": len(found.labelled),
        "not_labelled": dict(_reasons(told)),
        "not_begun": found.left,
        "rows": told.rows,
        "cannot_be_asked": told.unaskable,
        "spent": usd(told.spent),
        "cap": usd(told.cap),
        "judge": str(told.bench.judge.ref),
        "judge_swung": sum(one.verdict.swung for one in found.labelled),
        "cut": sum(CUT in (one.cheap.stop, one.premium.stop) for one in found.labelled),
        "human": len(told.human),
        "human_elsewhere": told.strangers,
        "notes": told.notes,
    }
