"""Quality on the dashboard: what cheap keeps of premium's, how it is known, and what users say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from headgate.monitor.feedback import TierFeedback
from headgate.monitor.figures import between, is_known, percent
from headgate.monitor.quality import Quality
from headgate.render import page
from headgate.render.table import Column, Table
from headgate.web.numbers import money
from headgate.web.period import moment_text

__all__ = ["quality_blocks"]


def quality_blocks(
    quality: Quality | None, feedback: Sequence[TierFeedback]
) -> Iterator[page.Block]:
    """All there is to say of quality; nothing where nothing was compared or rated."""
    compared = quality is not None and quality.all.kept is not None
    if quality is not None and compared:
        yield page.Items("The quality kept", tuple(_kept(quality)))
    if feedback:
        yield _feedback(feedback)
    if quality is not None and compared:
        yield _compared(quality)


def _compared(quality: Quality) -> Table:
    rows = tuple(
        (
            scope.kind,
            scope.name,
            f"{scope.decided:,}",
            "–" if scope.kept is None else percent(scope.kept),
            between(scope.low, scope.high),
            f"{scope.premium_wins:,} / {scope.ties:,} / {scope.cheap_wins:,}",
        )
        for scope in (msgspec.structs.replace(quality.all, name="requests"), *quality.scopes)
    )
    heads = ("compared", "kept", "95 % at every look", "premium better / neither / cheap")
    return Table(
        (Column("of"), Column("name"), *(Column(head, right=True) for head in heads)),
        rows,
        title="Cheap answers beside premium's",
    )


def _kept(quality: Quality) -> Iterator[str]:
    if quality.floor is None:
        yield "No floor is set, and no router's certificate states one."
    elif quality.alarm_us is None:
        yield f"The floor of {percent(quality.floor)} is {quality.state}."
        yield f"No alarm. Evidence for a fall: {percent(quality.evidence)} of what raises it."
    else:
        since = moment_text(quality.alarm_us)[:16]
        yield f"Below the floor of {percent(quality.floor)} since {since} UTC."
    yield (
        f"The judge's preference turned with the order in {quality.all.swung:,} of "
        f"{quality.all.decided:,} comparisons."
    )
    funnel = quality.funnel
    known = is_known(funnel.cost_nano, funnel.unpriced)
    spent = money(funnel.cost_nano) if known else "unknown money"
    yield (
        f"{funnel.sampled:,} sampled, {funnel.judged:,} judged, {funnel.decided:,} decided, "
        f"{funnel.unpaid:,} beyond the day's money; {spent} spent."
    )


def _feedback(feedback: Sequence[TierFeedback]) -> Table:
    rows = tuple(
        (
            one.tier or "none",
            f"{one.rated:,}",
            f"{one.good:,}",
            f"{one.bad:,}",
            between(one.low, one.high),
        )
        for one in feedback
    )
    heads = ("rated", "good", "bad", "good, 95 % at every look")
    return Table(
        (Column("tier"), *(Column(head, right=True) for head in heads)),
        rows,
        title="What users say",
    )
