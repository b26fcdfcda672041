"""audit: the two sides agree to the nano-dollar or the line says that they do not."""

from collections import Counter

import msgspec
import pytest

from headgate.ledger.entry import Entry, UsageSource
from headgate.prices.card import Card, Rates
from headgate.testing.audit import AuditLine, Side, audit, settled
from headgate.testing.meter import Calls
from headgate.values import ModelRef, Usage
from tests.ledger import samples

RATES = Rates(input=1_000_000, output=5_000_000, cache_read=100_000)


def card(ref: ModelRef, tier: str | None) -> Card | None:
    if ref.model == "free" or tier == "scale":
        return None
    return Card(
        id=f"{ref}@today",
        provider=ref.provider,
        model=ref.model,
        name="",
        rates=RATES,
        source="test",
    )


def entry(
    usage: Usage, cost: int | None, model: str = "small", source: UsageSource = "measured"
) -> Entry:
    return samples.entry(
        provider="acme", model_asked=model, usage=usage, usage_source=source, cost_nano=cost
    )


def tallied(*usages: Usage, model: str = "small") -> dict[str, Calls]:
    return {"acme": {model: list(Counter(usages).items())}}


ONE, TWO = Usage(input=10, output=3, cache_read=5), Usage(input=7, output=1)
ONE_NANO, TWO_NANO = 25_500, 12_000


def test_equal_books_are_equal_line_by_line_and_in_sum():
    found = audit([entry(ONE, ONE_NANO), entry(TWO, TWO_NANO)], tallied(ONE, TWO), card)
    side = Side(2, ONE + TWO, ONE_NANO + TWO_NANO)
    assert found.lines == (AuditLine("acme/small", side, side),)
    assert found.equal
    assert found.ledger_nano == found.provider_nano == 37_500


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [entry(ONE, ONE_NANO)],
        [entry(ONE, ONE_NANO), entry(TWO, TWO_NANO + 1)],
        [entry(ONE, ONE_NANO), entry(TWO, None)],
        [entry(ONE, ONE_NANO), entry(Usage(input=8, output=1), TWO_NANO)],
        [entry(ONE + TWO, ONE_NANO + TWO_NANO)],
        [entry(ONE, ONE_NANO), entry(TWO, TWO_NANO, model="large")],
        [entry(ONE, ONE_NANO), entry(TWO, TWO_NANO), entry(TWO, TWO_NANO)],
    ],
    ids=["none", "missing", "dearer", "unpriced", "tokens", "merged", "other model", "twice"],
)
def test_any_difference_is_found(entries):
    assert not audit(entries, tallied(ONE, TWO), card).equal


def test_a_model_without_a_price_is_never_equal():
    entries = [entry(ONE, None, model="free")]
    found = audit(entries, tallied(ONE, model="free"), card)
    assert found.lines[0].ledger == found.lines[0].provider == Side(1, ONE, None)
    assert not found.equal


def test_attempts_that_were_not_billed_count_for_nothing():
    failed = entry(Usage(), 0, source="none")
    assert audit([failed, entry(ONE, ONE_NANO)], tallied(ONE), card).equal


def test_two_empty_books_prove_nothing():
    assert not audit([], {"acme": {}}, card).equal


def test_estimates_are_counted_and_not_compared():
    entries = [entry(ONE, ONE_NANO), entry(TWO, 99, source="estimated")]
    found = audit(entries, tallied(ONE), card)
    assert (found.estimated, found.equal) == (1, True)


def test_every_call_is_priced_by_itself_where_long_ones_cost_more():
    def tiered(ref: ModelRef, _: str | None) -> Card:
        dearer = Rates(input=2_000_000, output=9_000_000)
        return Card(
            id="t",
            provider=ref.provider,
            model=ref.model,
            name="",
            rates=RATES,
            tiers=((16, dearer),),
            source="test",
        )

    entries = [entry(TWO, TWO_NANO)] * 3
    assert audit(entries, tallied(TWO, TWO, TWO), tiered).equal


def test_a_call_is_priced_in_the_service_tier_that_has_served_it():
    def flexible(ref: ModelRef, tier: str | None) -> Card | None:
        found = card(ref, None)
        assert found is not None
        half = Rates(input=500_000, output=2_500_000, cache_read=50_000)
        return msgspec.structs.replace(found, rates=half) if tier == "flex" else found

    flex = msgspec.structs.replace(ONE, service_tier="flex")
    assert audit([entry(flex, ONE_NANO // 2)], tallied(flex), flexible).equal
    assert not audit([entry(flex, ONE_NANO)], tallied(flex), flexible).equal


def test_a_call_of_a_tier_without_a_price_is_not_equal_to_one_at_the_standard_price():
    scale = msgspec.structs.replace(ONE, service_tier="scale")
    assert not audit([entry(scale, ONE_NANO)], tallied(scale), card).equal


def test_rows_that_come_to_rest_later_are_waited_for():
    rows = [entry(ONE, ONE_NANO)]

    def look():
        found = audit(rows, tallied(ONE, TWO), card)
        rows.append(entry(TWO, TWO_NANO))
        return found

    assert settled(look).equal


def test_books_that_never_agree_are_given_up():
    assert not settled(lambda: audit([], tallied(ONE), card), seconds=0).equal
