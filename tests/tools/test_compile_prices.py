"""compile_prices: the shipped table is what the installed genai-prices says, and no less."""

import json
from datetime import date, time
from decimal import Decimal

from genai_prices import types
from genai_prices.data import providers
from tools.compile_prices import TARGET, compiled, feed_of

from headgate.prices.feed import Match
from headgate.prices.table import Table

TODAY = date(2026, 11, 20)


def model(prices, **more) -> types.ModelInfo:
    return types.ModelInfo(id="m", match=types.ClauseEquals("m"), prices=prices, **more)


def provider(*models: types.ModelInfo, **more) -> types.Provider:
    return types.Provider(id="p", name="P", api_pattern="", models=list(models), **more)


def per_million(**prices: str) -> types.ModelPrice:
    return types.ModelPrice(**{key: Decimal(value) for key, value in prices.items()})


def test_the_shipped_table_is_what_the_installed_package_compiles_to():
    fresh = compiled(providers, TODAY).files
    shipped = {path.name: path.read_bytes() for path in TARGET.glob("*.json*")}
    assert fresh.keys() == shipped.keys(), "run `make prices`"
    for name in fresh.keys() - {"index.json"}:
        assert fresh[name] == shipped[name], f"{name} is stale: run `make prices`"
    new, old = json.loads(fresh["index.json"]), json.loads(shipped["index.json"])
    assert new | {"compiled": None} == old | {"compiled": None}, "run `make prices`"


def test_what_is_rounded_loses_less_than_one_part_in_a_hundred_thousand():
    for exact, held in Table.shipped().index.rounded.items():
        assert abs(Decimal(exact) - Decimal(held)) <= Decimal(exact) / 100_000


def test_every_provider_and_model_of_the_package_is_in_the_feed():
    feed = feed_of(providers)
    assert [entry.id for entry in feed] == [entry.id for entry in providers]
    for ours, theirs in zip(feed, providers, strict=True):
        assert [one.id for one in ours.models] == [one.id for one in theirs.models]


def test_the_packages_objects_take_the_shape_of_the_feed():
    night = types.TimeOfDateConstraint(time(22), time(6))
    variant = types.PriceVariant({"processing": "batch"}, per_million(output_mtok="1"))
    prices = [types.ConditionalPrice(night, prices=per_million(input_mtok="2"))]
    either = types.ClauseOr([types.ClauseStartsWith("A"), types.ClauseRegex("^x$")])
    (found,) = feed_of(
        [
            provider(
                model(prices, price_variants=[variant], context_window=9, deprecated=True),
                provider_match=either,
                fallback_model_providers=[],
            )
        ]
    )
    assert found.provider_match == Match(any=(Match(starts_with="A"), Match(regex="^x$")))
    (only,) = found.models
    assert (only.context_window, only.deprecated) == (9, True)
    assert only.conditions[0].constraint is not None
    assert only.conditions[0].constraint.minutes == (1320, 360)
    assert only.variants[0].prices == {"output_mtok": Decimal(1)}
