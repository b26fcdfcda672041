"""spending: what an amount, a model and a yes are."""

from __future__ import annotations

import pytest

from headgate.cli import spending
from headgate.errors import ConfigError
from headgate.values import ModelRef


@pytest.mark.parametrize(("text", "nano"), [("5", 5 * 10**9), ("$2.50", 2_500_000_000)])
def test_an_amount_is_read_exactly(text: str, nano: int):
    assert spending.amount(text, "Work") == nano


@pytest.mark.parametrize("text", ["", "much", "0", "-1", "NaN", "Infinity"])
def test_what_is_no_amount_is_refused(text: str):
    with pytest.raises(ConfigError) as caught:
        spending.amount(text, "Work")
    assert "--max-usd" in str(caught.value)


def test_a_model_has_its_provider_before_it():
    assert spending.model("--judge", "a/b", "Work") == ModelRef("a", "b")
    with pytest.raises(ConfigError, match="--judge"):
        spending.model("--judge", "b", "Work")


def test_where_nobody_can_be_asked_the_answer_is_not_yes():
    with pytest.raises(ConfigError, match="nobody is there") as caught:
        spending.agreed(as_json=True)
    assert "--yes" in (caught.value.fix or "")
