"""The escalation budget in words: what speaks for a breach, when it began, and what drives it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from headgate.monitor.assessment import Assessment, Scope
from headgate.monitor.figures import between, percent
from headgate.render import page
from headgate.render.table import Column, Table
from headgate.web.period import moment_text

__all__ = ["budget_blocks", "span_text"]


def budget_blocks(account: Assessment | None, *, narrowed: bool = False) -> Iterator[page.Block]:
    """What the account says; nothing where no request was served yet.

    Args:
        narrowed: the page shows a part of the requests, the account is of all.
    """
    if account is None:
        yield page.Text("The ledger is being read for the budget's alarm; it shows in a moment.")
    elif account.served:
        yield page.Items("The escalation budget", tuple(_account(account, narrowed)))
        own = [scope for scope in account.scopes if scope.own]
        if own:
            yield _scopes(own)


def _scopes(scopes: Sequence[Scope]) -> Table:
    """Routes, keys and policies that have a budget for themselves."""
    rows = tuple(
        (
            scope.title,
            "–" if scope.budget is None else percent(scope.budget),
            "–" if scope.window.rate is None else percent(scope.window.rate),
            f"alarm since {moment_text(scope.alarm_us)[:16]}"
            if scope.alarm_us is not None
            else f"{percent(scope.evidence)} of what raises it",
        )
        for scope in scopes
    )
    span = span_text(scopes[0].window.span_seconds)
    heads = ("budget", f"last {span}", "evidence for a breach")
    return Table(
        (Column("of"), *(Column(head, right=True) for head in heads)),
        rows,
        title="Budgets of their own",
    )


def span_text(seconds: float) -> str:
    """A window in words; the fast one is a fraction of the slow one, and seldom whole hours.

    >>> span_text(3085.7), span_text(21_600), span_text(604_800), span_text(2.14)
    ('51 minutes', '6 hours', '7 days', '2.1 seconds')
    """
    hours = seconds / 3600
    if hours >= 48:
        return f"{hours / 24:.3g} days"
    if hours >= 2:
        return f"{hours:.3g} hours"
    if seconds >= 120:
        return f"{seconds / 60:.0f} minutes"
    number = f"{seconds:.2g}" if seconds < 10 else f"{seconds:.0f}"
    return "1 second" if number == "1" else f"{number} seconds"


def _account(account: Assessment, narrowed: bool) -> Iterator[str]:
    if narrowed:
        yield "Of all requests, whatever is shown."
    slow, fast = account.slow, account.fast
    # while the ledger is younger than both windows they are the same
    windows = (fast, slow) if fast.span_seconds < slow.span_seconds else (slow,)
    for burn in windows:
        if burn.rate is not None:
            span = span_text(burn.span_seconds)
            spent = "" if burn.burn is None else f", {burn.burn:.2f} times the budget"
            yield (
                f"Last {span}: {percent(burn.rate)} of {burn.served:,} escalated "
                f"(95 %: {between(burn.low, burn.high)}){spent}."
            )
    yield (
        f"Since the beginning: {account.escalated:,} of {account.served:,}; 95 % confidence "
        f"sequence {between(account.low, account.high)}, good for every look at once "
        "(too narrow where conversations are long)."
    )
    if account.budget is None:
        yield "No budget is set."
    elif account.alarm_us is None:
        yield f"No alarm. Evidence for a breach: {percent(account.evidence)} of what raises it."
    else:
        yield f"Alarm since {moment_text(account.alarm_us)[:16]} UTC."
    creep = account.creep
    if creep is not None:
        yield (
            f"It began {moment_text(creep.began_us)[:16]} UTC (95 %: "
            f"{moment_text(creep.earliest_us)[:16]} to {moment_text(creep.latest_us)[:16]}) as a "
            f"{creep.shape}: from {percent(creep.before)} to {percent(creep.after)}."
        )
    if account.attribution is not None and account.attribution.cause is not None:
        dimension, cell = account.attribution.cause
        yield f"Most of it comes from {dimension} {cell.name}."
