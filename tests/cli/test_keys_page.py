"""keys_page: nothing secret, nothing that a terminal would obey, today's numbers only."""

from __future__ import annotations

from headgate.access.key import Key, Team
from headgate.access.limits import Limits, budget, span
from headgate.access.purse import Account
from headgate.cli.keys_page import key_document, key_page, keys_table, team_document, team_page
from headgate.ledger.keys import Spending
from tests.gateway.clocks import NOON

NOW = int(NOON * 1e6)
KEY = Key(
    id="k",
    name="al\x1b[31mice",
    digest="d" * 64,
    previous="e" * 64,
    previous_until_us=NOW + 1,
    limits=Limits(
        budgets=(budget("1/day"), budget("7/week")),
        requests_per_minute=1000,
        tokens_per_minute=5,
        models=("a/*",),
        policies=("auto",),
        pin=False,
    ),
    labels={"own\x07er": "al"},
    created_us=0,
    revoked_us=None,
)
TODAY = Account("key:k", "day", span("day", NOW).since_us)
SPENT = [
    Spending(TODAY, 250_000_000, 5),
    Spending(Account("key:k", "day", TODAY.since_us - 86_400_000_000), 900_000_000, 0),
]


def test_a_page_shows_this_periods_spending_and_every_limit():
    page = key_page(KEY, SPENT, NOW)
    for text in (
        "$0.25 of $1.00 today",
        "$0.00 of $7.00 this week",
        "1,000 requests a minute",
        "5 tokens a minute",
        "models a/*",
        "policies auto",
        "no pin",
        "old secret",
    ):
        assert text in page
    assert "\x1b" not in page
    assert "\x07" not in page
    assert "d" * 64 not in page
    assert "e" * 64 not in page


def test_a_table_shows_a_column_for_each_period():
    table = keys_table([KEY], {"k": SPENT}, NOW, {"k": 12})
    assert table.rows[0][4:] == ("$0.25 / $1.00", "$0.00 / $7.00", "–", "12", "never")
    assert all(len(row) == len(table.columns) for row in table.rows)


def test_json_has_exact_money_and_no_digest():
    document = key_document(KEY, SPENT, NOW)
    assert document["budgets"] == [
        {
            "period": "day",
            "limit_usd": "1",
            "spent_usd": "0.25",
            "reserved_usd": "0.000000005",
            "until": "2026-12-02T00:00:00Z",
        },
        {
            "period": "week",
            "limit_usd": "7",
            "spent_usd": "0",
            "reserved_usd": "0",
            "until": "2026-12-07T00:00:00Z",
        },
    ]
    assert "d" * 64 not in repr(document)


def test_a_team_has_limits_and_no_state():
    team = Team(name="t", limits=Limits(budgets=(budget("1/day"),)), created_us=0)
    assert "state" not in team_document(team, [], NOW)
    assert "$0.00 of $1.00 today" in team_page(team, [], NOW)
    assert "limits     none" in team_page(Team(name="t"), [], NOW)
