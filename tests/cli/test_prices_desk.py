"""What a look-up of prices is asked in: texts become values, or are told with what to write."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from headgate.cli.prices_desk import (
    Desk,
    Traffic,
    comparison,
    filters_of,
    mix_of,
    noted,
    open_desk,
    ref_of,
    sheet_of,
    talk_of,
    terms_of,
)
from headgate.errors import ConfigError
from headgate.prices.catalogue import Mix

CHEAP, PREMIUM = "anthropic/claude-haiku-4-5", "anthropic/claude-sonnet-4-6"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The shipped list, and the built-in example's traffic."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADGATE_CONFIG", raising=False)
    return open_desk(None, (), None, "2026-11-24", shipped=True)


def test_without_a_day_it_is_today(desk: Desk):
    assert open_desk(None, (), None, None, shipped=True).day == datetime.now(UTC).date()
    with pytest.raises(ConfigError, match="'soon' is no date"):
        open_desk(None, (), None, "soon", shipped=True)


def test_models_are_compared_on_the_planned_traffic_where_nothing_else_is_said(desk: Desk):
    rows, usage, monthly = comparison(desk, [PREMIUM, CHEAP], Traffic())
    assert (usage.input, usage.output, monthly) == (1000, 400, 30_000)
    assert [row.month_nano for row in rows] == [90 * 10**9, 270 * 10**9]
    assert terms_of(usage, monthly).startswith("30,000 calls a month of 1,000 tokens in")


def test_what_is_said_of_the_traffic_counts(desk: Desk):
    rows, usage, monthly = comparison(desk, [CHEAP], Traffic("10", "2", "1e3", "0"))
    assert (usage.input, usage.output, monthly) == (1000, 0, 20)
    assert rows[0].call_nano == 1_000_000


@pytest.mark.parametrize("text", ["0.5", "-1", "NaN", "Infinity", "many", "", "1e9999999", "366.5"])
def test_a_count_is_a_whole_number_within_its_range(text: str, desk: Desk):
    with pytest.raises(ConfigError, match="Give a whole number, 1 to 366") as caught:
        comparison(desk, [CHEAP], Traffic(days=text))
    assert caught.value.faults[0].field == "--days"


@pytest.mark.parametrize("text", ["", "5", "1:", "a:b", "-1:5", "0:0", "99999999999:1"])
def test_a_mix_has_tokens_in_and_out(text: str):
    with pytest.raises(ConfigError, match="is no mix"):
        mix_of(text)


def test_a_mix_may_have_tokens_on_one_side_alone():
    assert (mix_of("1000:400"), mix_of("0:1")) == (Mix(), Mix(0, 1))


def test_a_filter_takes_a_provider_that_there_is_and_a_price(desk: Desk):
    filters = filters_of(desk, provider="anthropic", max_price="2.50", min_context=5)
    assert (filters.provider, filters.dearest, filters.window) == ("anthropic", 2_500_000, 5)
    assert filters_of(desk) == filters_of(desk, provider="", deprecated=True)
    for wrong in ({"provider": "nobody"}, {"max_price": "dear"}, {"max_price": "-1"}):
        with pytest.raises(ConfigError, match="The look-up of prices cannot be made"):
            filters_of(desk, **wrong)  # type: ignore[arg-type] # texts, all of them


def test_a_model_without_its_provider_is_told_with_what_may_be_meant(desk: Desk):
    assert str(ref_of(desk, CHEAP)) == CHEAP
    with pytest.raises(ConfigError, match="Did you mean anthropic/claude"):
        ref_of(desk, "haiku")
    with pytest.raises(ConfigError, match="'' names no provider"):
        ref_of(desk, "")


def test_a_sheet_has_the_variants_of_a_model_and_no_model_no_sheet(desk: Desk):
    assert "processing=batch" in sheet_of(desk, CHEAP).variants
    with pytest.raises(ConfigError, match="No price is known"):
        sheet_of(desk, "anthropic/nothing")


def test_what_must_be_known_is_in_the_talk_and_in_the_document(desk: Desk):
    assert talk_of(desk, ["first"]).splitlines() == ["first", f"Prices: {desk.book.source}"]
    old = open_desk(None, (), None, "2028-01-01", shipped=True)
    assert "days old" in talk_of(old)
    assert noted({"a": 1}, old) == {"a": 1, "notes": list(old.notes)}
