"""Virtual keys as commands show them: a table, one on a page, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from headgate.access.key import Key, Team
from headgate.access.limits import PERIODS, Limits, Period, span, worded
from headgate.access.purse import Account
from headgate.ledger.keys import Spending
from headgate.render.table import Column, Table, plain
from headgate.values import spent_of, usd

__all__ = ["key_document", "key_page", "keys_table", "team_document", "team_page"]


def keys_table(
    keys: Sequence[Key],
    spent: Mapping[str, Sequence[Spending]],
    now_us: int,
    refused: Mapping[str, int],
) -> Table:
    """Keys, a row each; `refused` counts the requests refused today by key id."""
    columns = (
        Column("id", whole=True),
        *map(Column, ("name", "team", "state")),
        *(Column(f"a {period}", right=True) for period in PERIODS),
        Column("refused today", right=True),
        Column("expires"),
    )
    rows = tuple(
        (
            key.id,
            plain(key.name),
            plain(key.team or "–"),
            key.state(now_us),
            *_by_period(key.limits, spent[key.id], now_us),
            f"{refused[key.id]:,}" if refused.get(key.id) else "–",
            "never" if key.expires_us is None else f"{_at(key.expires_us):%Y-%m-%d}",
        )
        for key in keys
    )
    return Table(columns, rows)


def _by_period(limits: Limits, spent: Sequence[Spending], now_us: int) -> list[str]:
    budgets = {budget.period: budget.nano for budget in limits.budgets}
    return [
        " / ".join(spent_of(_current(period, spent, now_us).spent, budgets[period]))
        if period in budgets
        else "–"
        for period in PERIODS
    ]


def key_page(key: Key, spent: Sequence[Spending], now_us: int) -> str:
    """One key."""
    lines = [
        f"{key.id}  {plain(key.name)}",
        _line("state", key.state(now_us)),
        _line("team", plain(key.team or "–")),
        _line("made", _date(key.created_us)),
        _line("expires", _date(key.expires_us)),
    ]
    if key.revoked_us is not None:
        lines.append(_line("revoked", _date(key.revoked_us)))
    if key.previous is not None and (key.previous_until_us or 0) > now_us:
        lines.append(_line("old secret", f"good until {_date(key.previous_until_us)}"))
    lines += [_line("label", plain(f"{name}={value}")) for name, value in key.labels.items()]
    return "\n".join([*lines, *_limit_lines(key.limits, spent, now_us)])


def team_page(team: Team, spent: Sequence[Spending], now_us: int) -> str:
    """One team."""
    lines = [f"team {plain(team.name)}", _line("made", _date(team.created_us))]
    return "\n".join([*lines, *_limit_lines(team.limits, spent, now_us)])


def key_document(key: Key, spent: Sequence[Spending], now_us: int) -> dict[str, object]:
    """One key as JSON; no digest is in it."""
    return {
        "id": key.id,
        "name": key.name,
        "team": key.team,
        "state": key.state(now_us),
        "labels": dict(key.labels),
        "created": _stamp(key.created_us),
        "expires": _stamp(key.expires_us),
        "revoked": _stamp(key.revoked_us),
        **_limit_document(key.limits, spent, now_us),
    }


def team_document(team: Team, spent: Sequence[Spending], now_us: int) -> dict[str, object]:
    """One team as JSON."""
    return {
        "team": team.name,
        "created": _stamp(team.created_us),
        **_limit_document(team.limits, spent, now_us),
    }


def _limit_document(limits: Limits, spent: Sequence[Spending], now_us: int) -> dict[str, object]:
    return {
        "budgets": [
            {
                "period": budget.period,
                "limit_usd": usd(budget.nano),
                "spent_usd": usd(one.spent),
                "reserved_usd": usd(one.held),
                "until": _stamp(span(budget.period, now_us).until_us),
            }
            for budget in limits.budgets
            for one in [_current(budget.period, spent, now_us)]
        ],
        "requests_per_minute": limits.requests_per_minute,
        "tokens_per_minute": limits.tokens_per_minute,
        "models": list(limits.models),
        "tiers": list(limits.tiers),
        "policies": list(limits.policies),
        "pin": limits.pin,
    }


def _limit_lines(limits: Limits, spent: Sequence[Spending], now_us: int) -> list[str]:
    lines = [_line("budget", text) for text in _budgets(limits, spent, now_us)]
    lines += [_line("limit", text) for text in map(plain, worded(limits))]
    return lines or [_line("limits", "none")]


def _budgets(limits: Limits, spent: Sequence[Spending], now_us: int) -> list[str]:
    texts = []
    for budget in limits.budgets:
        now = _current(budget.period, spent, now_us)
        when = "today" if budget.period == "day" else f"this {budget.period}"
        texts.append(f"{' of '.join(spent_of(now.spent, budget.nano))} {when}")
    return texts


def _current(period: Period, spent: Sequence[Spending], now_us: int) -> Spending:
    """What stands for the period that lasts now."""
    since_us = span(period, now_us).since_us
    for one in spent:
        if (one.account.period, one.account.since_us) == (period, since_us):
            return one
    return Spending(Account("", period, since_us), 0, 0)


def _line(name: str, text: str) -> str:
    return f"  {name:<11}{text}"


def _date(at_us: int | None) -> str:
    return "never" if at_us is None else f"{_at(at_us):%Y-%m-%d %H:%M} UTC"


def _stamp(at_us: int | None) -> str | None:
    return None if at_us is None else _at(at_us).isoformat().replace("+00:00", "Z")


def _at(at_us: int) -> datetime:
    return datetime.fromtimestamp(at_us // 1_000_000, tz=UTC)
