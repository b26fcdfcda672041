"""compiler: a feed becomes a flat table; what the table cannot hold stops it or is counted."""

from datetime import date

import pytest

from headgate.prices.book import Book
from headgate.prices.compiler import Compilation, clauses
from headgate.prices.feed import FeedError, Match, parse_feed
from headgate.values import ModelRef
from tests.prices.feeds import TODAY, compiled, feed, model, provider, table


def card(tmp_path, *models, **how):
    found = Book(table(tmp_path, *models)).card(ModelRef("p", "m"), TODAY, **how)
    assert found is not None
    return found


def test_the_index_says_whose_prices_they_are_and_of_what_day():
    index = compiled(model()).index
    assert (index.source, index.version, index.compiled) == ("test", "1", TODAY)
    assert [(entry.id, entry.models) for entry in index.providers] == [("p", 1)]


def test_a_price_too_fine_for_the_unit_stops_the_compilation():
    with pytest.raises(FeedError, match=r"p/m: 0.0000015 USD per million is too fine"):
        compiled(model({"input_mtok": 0.0000015, "output_mtok": 1}))


def test_a_price_that_is_a_fraction_in_disguise_is_rounded_and_noted():
    assert compiled(model({"input_mtok": 0.0833333333333333})).rounded == {
        "0.0833333333333333": "0.083333"
    }


def test_a_fee_finer_than_a_pico_dollar_stops_the_compilation():
    with pytest.raises(FeedError, match="no whole number"):
        compiled(model({"requests_kcount": 0.00000000000001}))


def test_a_fee_for_each_request_is_held(tmp_path):
    assert card(tmp_path, model({"input_mtok": 1, "requests_kcount": 5})).rates.request == 5 * 10**9


def test_what_the_table_cannot_hold_is_counted_and_named_on_the_model(tmp_path):
    searching = model({"input_mtok": 1, "output_mtok": 2, "web_searches_kcount": 10})
    assert compiled(searching).left_out == {"web_searches_kcount": 1}
    assert card(tmp_path, searching).left_out == ("web_searches_kcount",)


def test_tiers_that_begin_at_different_lengths_are_told_apart(tmp_path):
    prices = {
        "input_mtok": {"base": 1, "tiers": [{"start": 10, "price": 2}]},
        "output_mtok": {"base": 5, "tiers": [{"start": 20, "price": 9}]},
    }
    rates = map(card(tmp_path, model(prices)).rates_for, (10, 11, 20, 21))
    low, long, both = (10**6, 5 * 10**6), (2 * 10**6, 5 * 10**6), (2 * 10**6, 9 * 10**6)
    assert [(one.input, one.output) for one in rates] == [low, long, long, both]


def test_hours_that_run_over_midnight_become_two_stretches(tmp_path):
    night = {"start_time": "22:00:00Z", "end_time": "06:00:00Z"}
    prices = [
        {"prices": {"input_mtok": 2, "output_mtok": 2}},
        {"constraint": night, "prices": {"input_mtok": 1, "output_mtok": 1}},
    ]
    entry = table(tmp_path, model(prices)).models("p")[0].prices[0]
    assert [(part.start, part.end) for part in entry.hours] == [(0, 360), (1320, 1440)]


def test_a_variant_for_some_hours_only_stops_the_compilation():
    night = {"start_time": "01:00:00Z", "end_time": "02:00:00Z"}
    variant = {"when": {"processing": "batch"}, "prices": {"input_mtok": 1}, "constraint": night}
    with pytest.raises(FeedError, match="p/m: a variant for some hours only"):
        compiled(model(price_variants=[variant]))


def test_a_variant_overrides_only_the_prices_it_names(tmp_path):
    variant = {"when": {"processing": "batch"}, "prices": {"output_mtok": 1}}
    batch = model({"input_mtok": 3, "output_mtok": 2}, price_variants=[variant])
    rates = card(tmp_path, batch, variant="processing=batch").rates
    assert (rates.input, rates.output) == (3 * 10**6, 10**6)


def test_a_variant_that_begins_later_has_no_price_before(tmp_path):
    later = {"start_date": "2026-12-01"}
    variant = {"when": {"processing": "batch"}, "prices": {"output_mtok": 1}, "constraint": later}
    book = Book(table(tmp_path, model(price_variants=[variant])))
    ref = ModelRef("p", "m")
    assert book.card(ref, TODAY, variant="processing=batch") is None
    assert book.card(ref, date(2026, 12, 1), variant="processing=batch") is not None


def test_dates_at_which_nothing_changes_make_no_entry(tmp_path):
    same = {"input_mtok": 1, "output_mtok": 1}
    prices = [{"prices": same}, {"constraint": {"start_date": "2026-01-01"}, "prices": same}]
    assert len(table(tmp_path, model(prices)).models("p")[0].prices) == 1


def test_nested_matches_become_alternatives_of_conjunctions():
    either = Match(any=(Match(starts_with="A"), Match(equals="b")))
    both = Match(all=(either, Match(contains="c")))
    whole = Match(any=(both, Match(regex="^x$"), Match(ends_with="z")))
    assert clauses(whole) == (("^a", "*c"), ("=b", "*c"), "~^x$", "$z")


def test_a_match_that_explodes_stops_the_compilation():
    either = Match(any=(Match(contains="a"), Match(contains="b")))
    with pytest.raises(FeedError, match="alternatives"):
        clauses(Match(all=(either,) * 11))


def test_a_deprecated_model_stays_marked(tmp_path):
    assert card(tmp_path, model(deprecated=True)).deprecated


def test_a_provider_keeps_its_names_and_its_fallbacks():
    parsed = parse_feed(
        feed(
            provider(model(), provider_match={"contains": "AZ"}, fallback_model_providers=["q"]),
            provider(id="q"),
        )
    )
    first, _ = Compilation(parsed, source="t", version="1", at=TODAY).index.providers
    assert (first.match, first.fallback) == (("*az",), ("q",))
