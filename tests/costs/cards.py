"""The cards of the cost model's golden numbers, and scenarios made of them."""

from __future__ import annotations

from headgate.costs.scenario import Classifier, Scenario, Tier
from headgate.prices.card import Card, Rates


def card(name: str, reads: int | None, writes: int | None, **more) -> Card:
    """A card with list prices in pico-dollars per token."""
    rates = Rates(input=reads, output=writes, **more)
    return Card(
        id=f"test/{name}@undated", provider="test", model=name, name=name, source="t", rates=rates
    )


HAIKU = card("Haiku 4.5", 1_000_000, 5_000_000, cache_read=100_000, cache_write_5m=1_250_000)
SONNET = card(
    "Sonnet 4.6",
    3_000_000,
    15_000_000,
    cache_read=300_000,
    cache_write_5m=3_750_000,
    cache_write_1h=6_000_000,
)
FLASH = card("Gemini 2.5 Flash", 300_000, 2_500_000)


def mission(escalation: object = "0.2", **changes) -> Scenario:
    """1,000 requests a day, 1,000 in and 400 out; Flash decides between Haiku and Sonnet."""
    given = {
        "tiers": (Tier("cheap", HAIKU), Tier("premium", SONNET)),
        "escalation": escalation,
        "classifier": Classifier(FLASH),
    }
    return Scenario(**{**given, **changes})
