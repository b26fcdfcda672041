"""api: the public names, loaded when they are asked for; prices by a model's name."""

import subprocess
import sys
from datetime import date

import pytest

import headgate
from headgate import ConfigError, price


def test_every_public_name_is_there():
    for name in headgate.__all__:
        assert getattr(headgate, name) is not None
    assert dir(headgate) == headgate.__all__


def test_another_name_is_none():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = headgate.nonsense


def test_importing_headgate_loads_nothing_of_the_model():
    script = "import sys, headgate; print([m for m in sys.modules if m.startswith('headgate.')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"


def test_the_engine_needs_no_numpy():
    script = (
        "import sys; sys.modules['numpy'] = None\n"
        "from headgate import *\n"
        "cards = [price(f'anthropic/claude-{m}-4-{n}') for m, n in (('haiku', 5), ('sonnet', 6))]\n"
        "s = Scenario([Tier('a', cards[0]), Tier('b', cards[1])], escalation=0.2)\n"
        "evaluate(s), tripwires(s), gap(s)\n"
        "try: evaluate_many(s, {})\n"
        "except ConfigError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert b"pip install headgate[vector]" in done.stdout


def test_a_price_is_that_of_its_day():
    assert price("anthropic/claude-sonnet-4-6", "2026-11-20").rates.input == 3_000_000
    assert price("anthropic/claude-sonnet-4-6", date(2026, 11, 20)).rates.output == 15_000_000
    assert price("anthropic/claude-haiku-4-5").rates.input is not None


def test_a_batch_price_is_a_variant():
    plain = price("openai/gpt-4.1", "2026-11-20").rates.input or 0
    assert (
        price("openai/gpt-4.1", "2026-11-20", variant="processing=batch").rates.input == plain / 2
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("gpt-4o",), "Name the model as provider/model"),
        (("openai/gpt-4.1", "yesterday"), "the day as 2026-11-20"),
        (("openai/gpt-4.11x",), "Did you mean"),
        (("zzz/qqqqqqqqqqqqqqqqqqqqqqqqq",), "Name another model"),
    ],
)
def test_what_has_no_price_is_told(arguments, says):
    with pytest.raises(ConfigError, match=says):
        price(*arguments)


def test_a_variant_that_is_not_sold_is_named():
    with pytest.raises(ConfigError, match="with service_tier=nonsense"):
        price("openai/gpt-4.1", variant="service_tier=nonsense")
