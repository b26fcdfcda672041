"""plan_page: who is cheaper and until when, within the width, with every assumption."""

import doctest
from dataclasses import replace
from decimal import Decimal

import click
import msgspec
import pytest

import headgate.cli.plan_page
from headgate.cli.plan_page import page
from headgate.costs.advice import advice_of, solve
from headgate.costs.gap import bound, gap
from headgate.costs.model import evaluate
from headgate.costs.plan import Plan
from headgate.costs.scenario import Scenario, Tier
from tests.costs.cards import HAIKU, SONNET, card, mission


def made(scenario: Scenario, **more) -> Plan:
    grown = tuple((Decimal(f), evaluate(scenario.at_traffic(f))) for f in (1, 3, 10))
    given = {
        "source": "headgate.toml",
        "example": False,
        "prices": "genai-prices 0.2.3 (2026-11-23)",
        "breakdown": evaluate(scenario),
        "growth": grown,
    }
    return Plan(**{**given, **more})


def retrying(**more) -> Scenario:
    tiers = (Tier("cheap", HAIKU), Tier("premium", SONNET, retry_rate="0.08"))
    return mission(**{"tiers": tiers, **more})


def line(text: str, start: str) -> list[str]:
    """The words of the one line that begins so."""
    (found,) = [part for part in text.splitlines() if part.strip().startswith(start)]
    return found.split()


def flat(text: str) -> str:
    return " ".join(text.split())


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(headgate.cli.plan_page).failed == 0


def test_every_bill_has_its_line_in_every_column():
    text = page(made(retrying()))
    assert line(text, "a month")[2:] == ["naive", "realistic", "worst", "case"]
    assert line(text, "all premium   Sonnet")[-3:] == ["$270.00", "$293.33", "$558.00"]
    assert line(text, "all cheap")[-3:] == ["$90.00", "$90.00", "$186.00"]
    bills = text[: text.index("traffic")]
    assert line(bills, "routed   ")[-3:] == [
        "$130.20",
        "$134.87",
        "$339.00",
    ]
    assert line(text, "classifier")[-3:] == ["$4.20", "$4.20", "$4.20"]
    assert line(text, "cheap")[-5:] == ["80", "%", "$72.00", "$72.00", "$90.00"]
    assert line(text, "premium")[-5:] == ["20", "%", "$54.00", "$54.00", "$180.00"]
    assert line(text, "retries") == ["retries", "–", "$4.67", "$64.80"]
    assert line(text, "cascade")[-3:] == ["$144.00", "$148.67", "$409.20"]
    assert line(text, "saved against")[-3:] == ["$139.80", "$158.46", "$219.00"]
    assert line(text, "as a share")[-6:] == ["51.8", "%", "54.0", "%", "39.2", "%"]


def test_traffic_is_shown_at_every_factor():
    text = page(made(mission()))
    rows = text[text.index("traffic") :].splitlines()
    assert rows[3].split() == ["3×", "90,000", "all", "premium", "$810.00", "$810.00", "$1,674.00"]
    assert rows[4].split() == ["routed", "$390.60", "$390.60", "$1,017.00"]
    assert rows[5].split()[:2] == ["10×", "300,000"]
    assert rows[6].split()[1] == "$1,302.00"


def test_amounts_without_room_are_shortened():
    text = page(made(mission(requests_per_day=10**9)))
    assert "$2.70 bn" in text
    assert line(text[: text.index("traffic")], "all premium")[-3:] == [
        "$270,000,000",
        "$270,000,000",
        "$558,000,000",
    ]


def test_the_gap_the_bound_advice_and_solutions_are_told():
    scenario = retrying()
    text = page(
        made(
            scenario,
            gap=gap(scenario),
            bound=bound(scenario),
            advice=advice_of(evaluate(scenario)),
            solutions=solve(scenario, saving="0.4"),
        )
    )
    assert "The worst case costs $204.13 more than the realistic one: longer answers are" in text
    assert "No request of 1,000 tokens in and at most 800 out can cost more than" in text
    assert "Do not cascade" in text
    assert "A saving of 40 % takes escalation of 40.2 %" in text
    assert "\n%" not in text


def test_the_built_in_example_says_that_it_is_one():
    assert "the built-in example (no headgate.toml here)" in page(made(mission(), example=True))
    assert "headgate.toml · changed: --escalation" in page(
        made(mission(), changed=("--escalation",))
    )


def test_the_assumptions_of_each_column_are_on_the_page():
    text = flat(page(made(retrying())))
    assert "naive every call succeeds, nothing is cached, routing has no fixed cost" in text
    assert "8 % of premium attempts fail (at most 3 attempts)" in text
    assert "no prompt cache (--stable-prefix)" in text
    assert "worst case assumed: 40 % escalated; 20 % of attempts fail on every tier" in text
    assert "left out discounts, taxes and free tiers" in text
    assert "no attempt fails" in flat(page(made(mission())))


def test_the_cache_and_its_prices_are_told_where_they_count():
    tiers = (
        Tier("cheap", HAIKU, cache_hit_rate="0.4"),
        Tier("premium", SONNET, cache_hit_rate="0.6"),
    )
    text = page(made(mission(tiers=tiers, stable_prefix="0.5", cache_life="1h", overhead_usd=9)))
    assert "40 % to 60 % of the time and else written for 1h" in flat(text)
    assert "$9.00 a month of fixed cost" in flat(text)
    assert line(text, "overhead") == ["overhead", "–", "$9.00", "$9.00"]
    assert "0.30 read     6.00 write" in text
    assert "0.10 read     1.25 write" in text
    assert "as in read    as in write" in text


def test_prices_stand_with_their_source_and_the_users_own_are_marked():
    mine = msgspec.structs.replace(HAIKU, overridden=True, source="headgate.toml", id="x")
    text = page(made(mission(tiers=(Tier("cheap", mine), Tier("premium", SONNET)))))
    assert "genai-prices 0.2.3 (2026-11-23); USD per million tokens" in text
    assert line(text, "Haiku 4.5 *") == ["Haiku", "4.5", "*", "1.00", "in", "5.00", "out"]
    assert "* your own price, from headgate.toml" in text
    assert "your own price" not in page(made(mission()))


def test_notes_come_last():
    assert page(made(mission(), notes=("Look twice.",))).endswith("\n\nNote: Look twice.")


@pytest.mark.parametrize("width", [80, 90, 100, 200])
@pytest.mark.parametrize("busy", [1, 10**6, 10**9])
def test_no_line_is_wider_than_the_terminal(width, busy):
    long = card("An open model with quite a long name, instruct, 70 billion", 123, 456_789)
    scenario = mission(
        tiers=(
            Tier("a-tier-that-is-called-something", long, retry_rate="0.5"),
            Tier("premium", SONNET, retry_rate="0.08"),
        ),
        requests_per_day=busy,
        stable_prefix="0.5",
        overhead_usd="1234567",
    )
    text = page(made(scenario, notes=("word " * 50,)), width=width)
    assert max(map(len, text.splitlines())) <= width


def test_the_page_is_never_wider_than_reads_well():
    assert page(made(mission()), width=500) == page(made(mission()), width=100)


def test_colour_changes_nothing_but_colour():
    plan = made(mission())
    coloured = page(plan, colour=True)
    assert coloured != page(plan)
    assert click.unstyle(coloured) == page(plan)


def test_tiers_of_different_shapes_do_not_pretend_to_one():
    tiers = (Tier("cheap", HAIKU), Tier("premium", SONNET, output_tokens=900))
    assert "tokens in" not in page(made(mission(tiers=tiers)))
    assert "1,000 tokens in, 400 out" in page(made(mission()))


def test_a_scenario_without_any_cost_has_no_saving_to_show():
    free = card("free", 0, 0)
    scenario = replace(mission(), tiers=(Tier("cheap", free), Tier("premium", free)))
    text = page(made(replace(scenario, classifier=None)))
    assert line(text, "as a share") == ["as", "a", "share", "–", "–", "–"]
