"""The settings of `[prices."PROVIDER/MODEL"]`, `[ends."PROVIDER/MODEL"]` and `[price_list]`."""

from __future__ import annotations

from headgate.settings import schema
from headgate.settings.durations import DAY
from headgate.settings.fields.section import Field, Section
from headgate.settings.kinds import DATE, MODEL, URL, Duration, Flag, Price, Text

__all__ = ["ENDS", "PRICES", "PRICE_LIST"]

PRICES = Section(
    "prices",
    "Prices that override the price list, in US dollars per million tokens.",
    schema.PriceSettings,
    (
        Field(
            "input",
            Price(),
            "Price of input tokens.",
            example='"1.00"',
        ),
        Field(
            "output",
            Price(),
            "Price of output tokens.",
            example='"5.00"',
        ),
        Field(
            "cache_read",
            Price(),
            "Price of input tokens read from the prompt cache.",
            otherwise="the price of input",
            example='"0.10"',
        ),
        Field(
            "cache_write_5m",
            Price(),
            "Price of input tokens written to the cache for five minutes.",
            otherwise="the price of input",
            example='"1.25"',
        ),
        Field(
            "cache_write_1h",
            Price(),
            "Price of input tokens written to the cache for an hour.",
            otherwise="the price of cache_write_5m, else of input",
            example='"2.00"',
        ),
    ),
    "named",
    "model",
)

ENDS = Section(
    "ends",
    "Models whose end is announced, beside and above those that Headgate knows.",
    schema.EndSettings,
    (
        Field(
            "on",
            DATE,
            "The first day without the model.",
            otherwise="the day that Headgate knows, if any",
            example="2027-03-01",
        ),
        Field(
            "successor",
            MODEL,
            "The model that takes its place.",
            otherwise="the one that its provider names, if any",
            example='"mistral/mistral-medium-3-5"',
        ),
        Field("warn", Flag(), "Whether its end is told anywhere."),
    ),
    "named",
    "model",
)

PRICE_LIST = Section(
    "price_list",
    "Which price list counts, and a file with prices of your own.",
    schema.PriceListSettings,
    (
        Field(
            "file",
            Text(500),
            "A file of your own prices, TOML or JSON lines; its path begins at this file.",
            otherwise="no such file",
            example='"prices.toml"',
        ),
        Field(
            "directory",
            Text(500),
            "Where `headgate prices update` keeps the lists that it fetches.",
            otherwise="`headgate/prices` in the user's data directory",
            example='"/var/lib/headgate/prices"',
        ),
        Field(
            "feed",
            URL,
            "Where `headgate prices update` fetches the list, when it is asked.",
            otherwise="the public feed of genai-prices",
            example='"https://mirror.example.com/data.json"',
        ),
        Field(
            "shipped", Flag(), "Only the list that comes with Headgate counts, not a fetched one."
        ),
        Field(
            "warn_after",
            Duration(DAY, 3660 * DAY),
            "Age of the list from which plans and prices point it out.",
        ),
    ),
)
