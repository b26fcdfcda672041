"""values: exact money, model names, token sums."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

import headgate.values
from headgate.values import ModelRef, Usage, dollars, nano_from_usd, tokens_in, usd


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(headgate.values).failed == 0


def test_usd_is_exact_and_reads_back():
    for nano in (0, 1, 999_999_999, 1_000_000_000, 123_456_789_012, -5):
        assert nano_from_usd(usd(nano)) == nano


@given(st.integers(-(10**24), 10**24))
def test_usd_is_the_shortest_decimal_of_the_amount(nano: int):
    whole, rest = divmod(abs(nano), 10**9)
    exact = f"{whole}.{rest:09d}".rstrip("0").rstrip(".")
    assert usd(nano) == ("-" if nano < 0 else "") + exact


@pytest.mark.parametrize("text", ["", "abc", "NaN", "Infinity", "1,000"])
def test_an_amount_that_is_no_number_is_refused_by_name(text):
    with pytest.raises(ValueError, match="is not an amount"):
        nano_from_usd(text)


def test_a_text_has_at_least_a_token_and_a_longer_one_never_fewer():
    counts = [tokens_in("é" * length) for length in range(40)]
    assert counts[0] == 1
    assert counts == sorted(counts)
    assert counts[36] == 10


def test_dollars_round_half_to_even_and_never_show_minus_zero():
    assert dollars(5_000_000) == "$0.00"
    assert dollars(15_000_000) == "$0.02"
    assert dollars(-1) == "$0.00"
    assert dollars(1_234_567_890_000_000) == "$1,234,567.89"


def test_a_model_name_may_hold_slashes_after_the_provider():
    ref = ModelRef.parse("openrouter/meta-llama/llama-3.1-8b")
    assert ref == ("openrouter", "meta-llama/llama-3.1-8b")
    assert str(ref) == "openrouter/meta-llama/llama-3.1-8b"


@pytest.mark.parametrize("text", ["", "gpt-5", "/gpt-5", "openai/", "open ai/gpt", "openai/gpt 5"])
def test_a_model_without_provider_is_refused(text):
    with pytest.raises(ValueError, match="provider/model"):
        ModelRef.parse(text)


def test_usage_adds_kind_by_kind():
    total = Usage(1, 2, 3, 4, 5, 1) + Usage(10, 20, 30, 40, 50, 10)
    assert total == Usage(11, 22, 33, 44, 55, 11)
    assert total.total_input == 11 + 33 + 44 + 55
