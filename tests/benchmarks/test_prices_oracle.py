"""prices_oracle: a difference is told to come from the lists, from a rule, or from nowhere."""

from __future__ import annotations

from typing import Any

import pytest
from benchmarks.prices_oracle.__main__ import Compared, report
from benchmarks.prices_oracle.comparison import (
    SHAPES,
    Answer,
    card_from,
    classify,
    differing_rates,
)

from headgate.prices.card import Card, Rates

PRICES = {
    "input_cost_per_token": 3e-06,
    "output_cost_per_token": 1.5e-05,
    "cache_read_input_token_cost": 3e-07,
}
OURS = Card(
    id="o", provider="p", model="m", name="m", source="s",
    rates=Rates(input=3_000_000, output=15_000_000, cache_read=300_000),
)  # fmt: skip


def answer(cost: float | str, *, label: str = "plain", provider: str = "openai",
           name: str = "m", **prices: Any) -> Answer:  # fmt: skip
    return Answer(name, provider, PRICES | prices, {label: cost})


def outcome(cost: float | str, *, label: str = "plain", ours: Card | None = OURS, **more: Any):
    cards = more.pop("cards", {})
    return classify(label, answer(cost, label=label, **more), ours, cards)


def test_every_kind_of_token_has_a_shape():
    for kind in ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h"):
        assert any(getattr(used, kind) for used in SHAPES.values())


def test_equal_is_equal_whatever_the_float_says():
    assert outcome(0.009000000000000001).kind == "equal"
    assert outcome(0.009002).kind != "equal"


def test_other_prices_that_explain_the_amount_are_a_difference_of_the_lists():
    assert outcome(0.018, input_cost_per_token=6e-06, output_cost_per_token=3e-05).kind == "lists"


def test_a_model_that_only_litellm_has_still_checks_the_formula():
    assert outcome(0.009, ours=None).kind == "formula"


def test_an_amount_that_nothing_explains_is_said_to_be_so():
    found = outcome(0.1)
    assert (found.kind, found.detail) == (
        "unexplained",
        "9000000 by our rules, 100000000 by LiteLLM",
    )


def test_an_error_or_another_unit_is_no_price():
    assert outcome("BadRequestError").detail == "LiteLLM: BadRequestError"
    assert outcome(0.1, input_cost_per_token=None).kind == "no price"


@pytest.mark.parametrize(
    ("cost", "more", "rule"),
    [
        (0.0045, {"off_peak_pricing": {"input_cost_per_token": 1.5e-06,
                                       "output_cost_per_token": 7.5e-06}}, "off-peak hours"),
        (0.0, {"name": "gemini/gemini-exp-1", "provider": "gemini"}, "experimental"),
        (0.0039, {"label": "cache write, 5 min", "provider": "deepseek"}, "a cache write is free"),
        (0.00495, {"label": "cache read", "provider": "fireworks_ai",
                   "cache_read_input_token_cost": None}, "half of input"),
        (0.006, {"label": "cache read", "provider": "perplexity"}, "neither cache nor"),
    ],
)  # fmt: skip
def test_a_rule_counts_only_where_it_gives_just_the_amount(cost, more, rule):
    ours = None
    found = outcome(cost, ours=ours, **more)
    assert found.kind == "rule"
    assert rule in found.detail
    assert outcome(cost + 0.001, ours=ours, **more).kind == "unexplained"


def test_an_entry_that_litellm_takes_for_another_is_found_by_that_ones_prices():
    other = card_from(Answer("p/m", "openai", {"input_cost_per_token": 1e-06,
                                               "output_cost_per_token": 1e-06}, {}))  # fmt: skip
    assert other is not None
    found = outcome(0.0014, name="q/m", cards={"p/m": other}, ours=None)
    assert "another entry" in found.detail


def test_long_contexts_become_tiers():
    card = card_from(answer(0, input_cost_per_token_above_200k_tokens=6e-06))
    assert card is not None
    ((start, rates),) = card.tiers
    assert (start, rates.input, rates.output) == (200_000, 6_000_000, 15_000_000)


def test_the_prices_on_which_the_lists_differ_are_named_with_both_numbers():
    theirs = card_from(answer(0, input_cost_per_token=6e-06, cache_read_input_token_cost=None,
                              input_cost_per_token_above_200k_tokens=7e-06))  # fmt: skip
    assert theirs is not None
    assert list(differing_rates(OURS, theirs)) == [
        ("input", "3.00", "6.00"),
        ("cache_read", "0.30", "none"),
        ("long context", "none", "200,000"),
    ]


def test_the_report_counts_lists_and_names():
    one = Answer("m", "openai", PRICES | {"input_cost_per_token": 6e-06}, {})
    outcomes = {"plain": outcome(0.012, input_cost_per_token=6e-06), "short": outcome(0.1)}
    text = report([Compared(one, OURS, outcomes)], every=False)
    assert "m                 input          3.00     6.00" in text
    assert "unexplained: m, short: " in text
    (row,) = [line.split() for line in text.splitlines() if line.startswith("openai")]
    assert row == ["openai", "1", "1", "0", "1", "0", "0", "0", "1"]
