"""feed: every value is checked, and which price holds is what genai-prices itself says."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from genai_prices import types
from genai_prices.data import providers
from hypothesis import given
from hypothesis import strategies as st
from tools.compile_prices import feed_of

from headgate.prices.feed import FeedError, Tier, TieredPrices, in_force, parse_feed
from tests.prices.feeds import NOON, feed, model, provider


def parsed(*models):
    (found,) = parse_feed(feed(provider(*models)))
    return found.models


def refused(data: bytes) -> str:
    with pytest.raises(FeedError) as caught:
        parse_feed(data)
    return str(caught.value)


def test_prices_are_the_decimals_that_are_written():
    text = feed(provider(model({"input_mtok": "X"}))).replace(b'"X"', b"0.0833333333333333")
    ((found,),) = (entry.models for entry in parse_feed(text))
    assert in_force(found, NOON, {}) == {"input_mtok": Decimal("0.0833333333333333")}


def test_a_feed_may_say_more_than_is_read():
    (found,) = parsed(model(description="new", collection="x"))
    assert found.id == "m"


def test_the_last_condition_that_holds_counts_and_the_first_if_none_does():
    later = {"constraint": {"start_date": "2027-01-01"}, "prices": {"input_mtok": 9}}
    first = {"constraint": {"start_date": "2026-12-01"}, "prices": {"input_mtok": 5}}
    (found,) = parsed(model([first, later]))
    at = [NOON, NOON.replace(month=12), NOON.replace(year=2027, month=1)]
    assert [in_force(found, day, {})["input_mtok"] for day in at] == [5, 5, 9]


def test_hours_run_over_midnight_and_can_be_left_aside():
    night = {"start_time": "22:00:00Z", "end_time": "06:00:00Z"}
    prices = [{"prices": {"input_mtok": 2}}, {"constraint": night, "prices": {"input_mtok": 1}}]
    (found,) = parsed(model(prices))
    hours = [in_force(found, NOON.replace(hour=h), {})["input_mtok"] for h in (5, 6, 21, 22)]
    assert hours == [1, 2, 2, 1]
    assert in_force(found, NOON.replace(hour=23), {}, by_hour=False) == {"input_mtok": 2}


def test_a_moment_of_another_zone_is_taken_in_utc():
    start = {"constraint": {"start_date": "2026-11-20"}, "prices": {"input_mtok": 2}}
    (found,) = parsed(model([{"prices": {"input_mtok": 1}}, start]))
    east = datetime.fromisoformat("2026-11-20T03:00:00+09:00")
    assert in_force(found, east, {}) == {"input_mtok": 1}


def test_the_first_variant_counts_for_each_price_by_itself():
    variants = [
        {"when": {"processing": "batch"}, "prices": {"output_mtok": 1}},
        {"when": {"processing": "batch"}, "prices": {"output_mtok": 2, "cache_read_mtok": 3}},
        {"when": {"processing": "flex"}, "prices": {"input_mtok": 4}},
    ]
    (found,) = parsed(model(price_variants=variants))
    assert in_force(found, NOON, {"processing": "batch"}) == {
        "input_mtok": 1,
        "output_mtok": 1,
        "cache_read_mtok": 3,
    }


def test_which_price_holds_is_what_genai_prices_says_around_every_change():
    compared = 0
    for theirs, ours in zip(providers, feed_of(providers), strict=True):
        for source, found in zip(theirs.models, ours.models, strict=True):
            whens = [{}, *(dict(variant.when) for variant in found.variants)]
            for at in moments(found):
                for when in whens:
                    expected = plain(source.get_prices(at, when or None))
                    assert in_force(found, at, when) == expected, (found.id, at, when)
                    compared += 1
    assert compared > 3000


def moments(found):
    yield NOON
    for constraint in found.constraints():
        if constraint.start_date is not None:
            day = datetime.combine(constraint.start_date, datetime.min.time(), UTC)
            yield from (day - timedelta(minutes=1), day, day + timedelta(hours=13))
        else:
            for minute in constraint.minutes:
                at = NOON.replace(hour=0) + timedelta(minutes=minute)
                yield from (at - timedelta(minutes=1), at)


def plain(price: types.ModelPrice):
    return {
        key: TieredPrices(
            value.base,
            tuple(Tier(tier.start, tier.price) for tier in value.tiers),
        )
        if isinstance(value, types.TieredPrices)
        else value
        for key, value in vars(price).items()
        if value is not None
    }


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a price feed"),
        (b"<html>", "not a price feed"),
        (b'{"providers": []}', "not a price feed"),
        (b"\xff\xfe", "not a price feed"),
        (b"[" * 100_000, "not a price feed"),
        (b"[]", "no models"),
        (feed(provider()), "no models"),
        (feed(provider(model()), provider(model())), "two providers of one id"),
        (feed(provider(model()), provider(model(), id="P")), "two providers of one id"),
        (feed(provider(model(), id="../../etc")), r"matching regex"),
        (feed(provider(model(), id="")), "matching regex"),
        (feed(provider(model(), fallback_model_providers=["q"])), "falls back to q"),
        (feed(provider(model([]))), "p/m has an empty list of prices"),
        (feed(provider(model({"input_mtok": -1}))), "p/m: input_mtok is -1"),
        (feed(provider(model({"input_mtok": 100_001}))), "a price is 0 to 100,000"),
        (feed(provider(model({"input_mtok": "free"}))), "not a price feed"),
        (feed(provider(model(id="a b"))), "not a price feed"),
        (feed(provider(model(match={}))), "exactly one way"),
        (feed(provider(model(match={"equals": ""}))), "exactly one way"),
        (feed(provider(model(match={"equals": "a", "contains": "b"}))), "exactly one way"),
        (feed(provider(model(match={"regex": "("}))), "no regular expression"),
        (feed(provider(model(match={"regex": "a" * 201}))), "regular expression of 201"),
        (feed(provider(model(context_window=0))), "not a price feed"),
        (feed(provider(model([{"constraint": {}, "prices": {}}]))), "begins on a day"),
        (
            feed(provider(model([{"constraint": {"start_time": "01:00:00Z"}, "prices": {}}]))),
            "begins on a day",
        ),
        (
            feed(
                provider(
                    model(
                        [
                            {
                                "constraint": {"start_time": "01:00:30Z", "end_time": "02:00:00Z"},
                                "prices": {},
                            }
                        ]
                    )
                )
            ),
            "not a whole minute of UTC",
        ),
        (feed(provider(model(price_variants=[{"when": {}, "prices": {}}]))), "not a price feed"),
    ],
)
def test_what_is_no_feed_or_out_of_range_is_refused_and_said(data, said):
    assert said in refused(data)


def test_a_price_that_is_no_number_is_refused():
    infinite = feed(provider(model({"input_mtok": "N"}))).replace(b'"N"', b'"Infinity"')
    assert "is Infinity, and a price is 0 to" in refused(infinite)


def test_tiers_in_any_order_are_read_by_their_start():
    tiered = {"base": 1, "tiers": [{"start": 200, "price": 3}, {"start": 100, "price": 2}]}
    (found,) = parsed(model({"input_mtok": tiered}))
    price = in_force(found, NOON, {})["input_mtok"]
    assert isinstance(price, TieredPrices)
    assert [price.at(tokens) for tokens in (100, 101, 200, 201)] == [1, 2, 2, 3]


@given(st.binary(max_size=300))
def test_no_bytes_lead_to_anything_but_a_refusal(data):
    with pytest.raises(FeedError):
        parse_feed(data)
