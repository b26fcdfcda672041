"""invoice: the providers' own accounts, each in its form, come out as lines by day and model."""

import doctest

import pytest

from headgate.analysis import invoice
from headgate.analysis.invoice import read_invoice
from headgate.errors import ConfigError
from tests.analysis.invoices import (
    ANTHROPIC_COSTS,
    ANTHROPIC_USAGE,
    OPENAI_COSTS,
    OPENAI_USAGE,
)

DAY = 20_780
"""2026-11-23."""


def lines(text, **columns):
    return [tuple(line) for line in read_invoice(text, columns)]


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(invoice).failed == 0


def test_openais_input_holds_the_cached_tokens_and_ours_does_not():
    model = "gpt-5-mini-2025-08-07"
    assert lines(OPENAI_USAGE) == [
        (DAY, model, "input", 200),
        (DAY, model, "output", 500),
        (DAY, model, "cache_read", 800),
    ]


def test_openais_costs_are_dollars_by_line_item():
    assert lines(OPENAI_COSTS) == [
        (DAY, "gpt-5-mini", "cost", 60_000_000),
        (DAY, "gpt-5-mini", "cost", 10_000_000),
    ]


def test_anthropics_usage_has_every_kind_apart():
    model = "claude-haiku-4-5-20251001"
    assert lines(ANTHROPIC_USAGE) == [
        (DAY, model, "input", 1500),
        (DAY, model, "output", 300),
        (DAY, model, "cache_read", 200),
        (DAY, model, "cache_write_5m", 500),
        (DAY, model, "cache_write_1h", 1000),
    ]


def test_anthropics_costs_are_cents():
    assert lines(ANTHROPIC_COSTS) == [(DAY, "", "cost", 1_234_500_000)]


def test_pages_may_stand_one_a_line_or_in_one_list():
    once = lines(OPENAI_USAGE)
    assert lines(f"{OPENAI_USAGE}\n{OPENAI_USAGE}\n") == once * 2
    assert lines(f"[{OPENAI_USAGE}]".replace('{"object": "page", "data": [', "", 1)
                 .replace('], "has_more": false}]', "]", 1)) == once  # fmt: skip


def test_csv_is_read_by_the_names_of_the_fields_in_any_case():
    text = "\ufeffDate,Model,Input_Tokens,Cached_Tokens,Output_Tokens\n"
    text += "2026-11-23,gpt-5-mini,1000,800,50\n"
    assert lines(text) == [
        (DAY, "gpt-5-mini", "input", 200),
        (DAY, "gpt-5-mini", "output", 50),
        (DAY, "gpt-5-mini", "cache_read", 800),
    ]


def test_csv_is_read_by_the_names_that_the_user_gives():
    text = 'when,what,in,usd\n2026-11-23 17:00,m,"1,000",0.000000001\n'
    assert lines(text, day="when", model="what", input="in", cost="usd") == [
        (DAY, "m", "input", 1000),
        (DAY, "m", "cost", 1),
    ]


def test_an_empty_cell_is_no_zero():
    assert lines("day,input_tokens,output_tokens\n2026-11-23,,5\n") == [(DAY, "", "output", 5)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no export that Headgate knows"),
        ("{}", "no export"),
        ("[1]", "no export"),
        ("{not json", "no export"),
        ("[" * 100_000, "no export"),
        ("a,b\n1,2\n", "no export"),
        ("day,model\n2026-11-23,m\n", "no export"),
        ("day,output_tokens\nyesterday,5\n", r"at line 2.*--map WHAT=COLUMN"),
        ("day,output_tokens\n2026-11-23,5.5\n", "no number of tokens"),
        ("day,output_tokens\n2026-11-23,many\n", "line 2"),
        ("day,cost\n2026-11-23,much\n", "line 2"),
    ],
)
def test_what_cannot_be_read_is_an_error_that_says_how_to_go_on(text, says):
    with pytest.raises(ConfigError, match=says):
        lines(text)


def test_a_column_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(ConfigError, match=r"no column 'when'.*It has day, cost"):
        lines("day,cost\n2026-11-23,1\n", day="when")
