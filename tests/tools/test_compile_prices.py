"""compile_prices: the shipped table is what the installed genai-prices says, and no less."""

import json
from dataclasses import replace
from datetime import date, time
from decimal import Decimal

import pytest
from genai_prices import types
from genai_prices.data import providers
from tools.compile_prices import TARGET, Compilation, clauses

from headgate.prices.book import Book
from headgate.prices.table import Table
from headgate.values import ModelRef

TODAY = date(2026, 11, 20)


def model(prices, **more) -> types.ModelInfo:
    return types.ModelInfo(id="m", match=types.ClauseEquals("m"), prices=prices, **more)


def provider(*models: types.ModelInfo) -> types.Provider:
    return types.Provider(id="p", name="P", api_pattern="", models=list(models))


def compiled(tmp_path, *models: types.ModelInfo) -> Book:
    for name, content in Compilation([provider(*models)], TODAY).files.items():
        (tmp_path / name).write_bytes(content)
    return Book(Table(tmp_path))


def per_million(**prices: str) -> types.ModelPrice:
    return types.ModelPrice(**{key: Decimal(value) for key, value in prices.items()})


def test_the_shipped_table_is_what_the_installed_package_compiles_to():
    fresh = Compilation(providers, TODAY).files
    shipped = {path.name: path.read_bytes() for path in TARGET.glob("*.json*")}
    assert fresh.keys() == shipped.keys(), "run `make prices`"
    for name in fresh.keys() - {"index.json"}:
        assert fresh[name] == shipped[name], f"{name} is stale: run `make prices`"
    new, old = json.loads(fresh["index.json"]), json.loads(shipped["index.json"])
    assert new | {"compiled": None} == old | {"compiled": None}, "run `make prices`"


def test_what_is_rounded_loses_less_than_one_part_in_a_hundred_thousand():
    for exact, held in Table.shipped().index.rounded.items():
        assert abs(Decimal(exact) - Decimal(held)) <= Decimal(exact) / 100_000


def test_a_price_too_fine_for_the_unit_stops_the_compilation():
    fine = model(per_million(input_mtok="0.0000015", output_mtok="1"))
    with pytest.raises(ValueError, match="too fine"):
        Compilation([provider(fine)], TODAY)


def test_what_the_table_cannot_hold_is_counted_and_named_on_the_model(tmp_path):
    priced = per_million(input_mtok="1", output_mtok="2", web_searches_kcount="10")
    compilation = Compilation([provider(model(priced))], TODAY)
    assert compilation.left_out == {"web_searches_kcount": 1}
    card = compiled(tmp_path, model(priced)).card(ModelRef("p", "m"), TODAY)
    assert card is not None
    assert card.left_out == ("web_searches_kcount",)


def test_tiers_that_begin_at_different_lengths_are_told_apart(tmp_path):
    prices = types.ModelPrice(
        input_mtok=types.TieredPrices(Decimal(1), [types.Tier(10, Decimal(2))]),
        output_mtok=types.TieredPrices(Decimal(5), [types.Tier(20, Decimal(9))]),
    )
    card = compiled(tmp_path, model(prices)).card(ModelRef("p", "m"), TODAY)
    assert card is not None
    found = [(rates.input, rates.output) for rates in map(card.rates_for, (10, 11, 20, 21))]
    low, long, both = (10**6, 5 * 10**6), (2 * 10**6, 5 * 10**6), (2 * 10**6, 9 * 10**6)
    assert found == [low, long, long, both]


def test_hours_that_run_over_midnight_become_two_stretches(tmp_path):
    night = types.TimeOfDateConstraint(time(22), time(6))
    prices = [
        types.ConditionalPrice(prices=per_million(input_mtok="2", output_mtok="2")),
        types.ConditionalPrice(night, prices=per_million(input_mtok="1", output_mtok="1")),
    ]
    compiled(tmp_path, model(prices))
    entry = Table(tmp_path).models("p")[0].prices[0]
    assert [(part.start, part.end) for part in entry.hours] == [(0, 360), (1320, 1440)]


def test_hours_that_are_no_whole_minutes_stop_the_compilation():
    odd = types.TimeOfDateConstraint(time(1, 0, 30), time(6))
    prices = [
        types.ConditionalPrice(prices=per_million(input_mtok="2")),
        types.ConditionalPrice(odd, prices=per_million(input_mtok="1")),
    ]
    with pytest.raises(ValueError, match="whole minute"):
        Compilation([provider(model(prices))], TODAY)


def test_a_variant_for_some_hours_only_stops_the_compilation():
    variant = types.PriceVariant(
        {"processing": "batch"},
        per_million(input_mtok="1"),
        types.TimeOfDateConstraint(time(1), time(2)),
    )
    with pytest.raises(ValueError, match="not provided for"):
        Compilation([provider(model(per_million(input_mtok="2"), price_variants=[variant]))], TODAY)


def test_a_variant_overrides_only_the_prices_it_names(tmp_path):
    variant = types.PriceVariant({"processing": "batch"}, per_million(output_mtok="1"))
    base = model(per_million(input_mtok="3", output_mtok="2"), price_variants=[variant])
    card = compiled(tmp_path, base).card(ModelRef("p", "m"), TODAY, variant="processing=batch")
    assert card is not None
    assert (card.rates.input, card.rates.output) == (3 * 10**6, 10**6)


def test_dates_at_which_nothing_changes_make_no_entry(tmp_path):
    same = per_million(input_mtok="1", output_mtok="1")
    prices = [
        types.ConditionalPrice(prices=same),
        types.ConditionalPrice(types.StartDateConstraint(date(2026, 1, 1)), prices=same),
    ]
    compiled(tmp_path, model(prices))
    assert len(Table(tmp_path).models("p")[0].prices) == 1


def test_nested_matches_become_alternatives_of_conjunctions():
    nested = types.ClauseAnd(
        [
            types.ClauseOr([types.ClauseStartsWith("A"), types.ClauseEquals("b")]),
            types.ClauseContains("c"),
        ]
    )
    both = types.ClauseOr([nested, types.ClauseRegex("^x$"), types.ClauseEndsWith("z")])
    assert clauses(both) == (("^a", "*c"), ("=b", "*c"), "~^x$", "$z")


def test_a_deprecated_model_stays_marked(tmp_path):
    old = replace(model(per_million(input_mtok="1", output_mtok="1")), deprecated=True)
    card = compiled(tmp_path, old).card(ModelRef("p", "m"), TODAY)
    assert card is not None
    assert card.deprecated
