"""What works in the settings and is most likely not meant: `check` and `serve` say the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime

from headgate.bootstrap.book import doubts_about_prices, table_of
from headgate.bootstrap.egress import unread_proxy
from headgate.bootstrap.ends import ending_of, named
from headgate.bootstrap.variables import held, read_key
from headgate.errors import ConfigFault
from headgate.monitor.endings import ending_words
from headgate.prices.book import Book
from headgate.prices.table import Table
from headgate.settings import Reading, Source, Sourced
from headgate.settings.forms import Refusal
from headgate.settings.providers import KNOWN
from headgate.settings.redaction import shown_path
from headgate.settings.schema import PriceListSettings
from headgate.values import ModelRef

__all__ = ["missing_variables", "unpriced_beside_faults", "warnings_of"]


def warnings_of(reading: Reading, book: Book, env: Mapping[str, str]) -> tuple[ConfigFault, ...]:
    """What works and is most likely not meant, in the settings and in their prices of today.

    Args:
        env: may name a proxy, or hold a key, that is not used; empty where the settings are another
            machine's.
    """
    today = datetime.now(UTC).date()
    unread = unread_proxy(reading.settings, env)
    return (
        *reading.warnings,
        *_nobody_decides(reading),
        *_keyless(reading, env),
        *_missing_prices(reading, book, today),
        *_doubtful_prices(reading, book, today),
        *_ends(reading, book, today),
        *(() if unread is None else (unread,)),
    )


def _nobody_decides(reading: Reading) -> Iterator[ConfigFault]:
    """A finding where all requests go to one tier, and the settings do not say that they should."""
    settings = reading.settings
    decider = next(one for one in reading.values if one.field == "classifier.kind")
    if decider.source.kind == "default" and decider.value == "none" and not settings.policies:
        tier = settings.classifier.default or settings.premium.name
        yield ConfigFault(
            f"Nobody decides: the gateway would send every request for `auto` to {tier}.",
            fix='Say who decides below [classifier]; write kind = "none" there if this is meant.',
            field="classifier",
        )


def _keyless(reading: Reading, env: Mapping[str, str]) -> Iterator[ConfigFault]:
    """A finding where a known provider's key is at hand, and not sent, for the URL is another."""
    sources = {field: source for field, _, source, _ in reading.values}
    for provider in reading.settings.providers:
        known = KNOWN.get(provider.name)
        if (
            known is None
            or known.api_key_env is None
            or provider.api_key_env
            or provider.api_key_file
            or not held(env, known.api_key_env)
        ):
            continue
        field = shown_path(("providers", provider.name, "base_url"))
        yield _at(
            sources[field],
            field,
            f"No key is sent there: {known.api_key_env} is for {known.base_url}.",
            f'If it is for this one, too, write api_key_env = "{known.api_key_env}" below it.',
        )


def _doubtful_prices(reading: Reading, book: Book, on: date) -> Iterator[ConfigFault]:
    """A finding for every own price that is likely in another unit, at its line."""
    sources = {field: source for field, _, source, _ in reading.values}
    for doubt in doubts_about_prices(reading.settings, book, on):
        source = sources.get(doubt.field or "")
        if doubt.line is None and source is not None:
            yield _at(source, doubt.field or "", doubt.message, doubt.fix)
        else:
            yield doubt


def _ends(reading: Reading, book: Book, today: date) -> Iterator[ConfigFault]:
    """A finding wherever the settings name a model whose end is announced, soon or not."""
    sources = {one.field: one.source for one in reading.values}
    for one in named(reading.settings):
        ending = ending_of(reading.settings, book, today, one)
        if ending is not None:
            said = f"Announced: {ending.source}. " if ending.source else ""
            silenced = f'[ends."{ending.model}"] with warn = false silences this.'
            yield _at(
                sources.get(one.field, Source("default")),
                one.field,
                ending_words(ending),
                f"Name another model in time. {said}{silenced}",
            )


def _missing_prices(reading: Reading, book: Book, on: date) -> Iterator[ConfigFault]:
    """A finding for every model that the gateway calls and whose price on that day is not known."""
    told = {one.field: one.value for one in reading.values}
    return (finding for _, finding in _unpriced(reading.values, book, on, told.get))


def unpriced_beside_faults(
    values: Sequence[Sourced], env: Mapping[str, str]
) -> Iterator[ConfigFault]:
    """The models without a price in settings that cannot be used, so that one look mends it all.

    Nothing where the list, or the file of one's own prices, is not certain to be read.

    Args:
        values: what can be read of the settings.
        env: says where a fetched list lies, as for `book_of`.
    """
    told = {one.field: one.value for one in values}
    if told.get("price_list.file", "at fault") is None and "price_list.directory" in told:
        book = Book(_list_of(told, env))
        for ref, finding in _unpriced(values, book, datetime.now(UTC).date(), told.get):
            listed, own = _list_field(ref.provider), shown_path(("prices", str(ref)))
            if listed in told and not any(field.startswith(own) for field in told):
                yield finding


def missing_variables(values: Sequence[Sourced], env: Mapping[str, str]) -> Iterator[ConfigFault]:
    """A finding for each variable that is not set and each key file that cannot be used."""
    for field, value, source, _ in values:
        if field.endswith(".api_key_file") and value:
            found = read_key(str(value))
            if isinstance(found, Refusal):
                yield _at(source, field, found.message, found.fix)
        if not field.endswith("_env") or not value:
            continue
        there = held(env, str(value))
        if isinstance(there, Refusal):
            yield _at(source, field, there.message, there.fix)
        elif not there:
            yield _at(
                source,
                field,
                f"The environment variable {value} is not set.",
                f"`headgate serve` needs it: export {value}=...",
            )


def _unpriced(
    values: Sequence[Sourced], book: Book, on: date, told: Callable[[str], object]
) -> Iterator[tuple[ModelRef, ConfigFault]]:
    for field, value, source, _ in values:
        if not value or not _MODEL_FIELD.fullmatch(field):
            continue
        ref = ModelRef.parse(str(value))
        named = told(_list_field(ref.provider))
        listed = None if named is None else str(named)
        if book.card(ref, on, prices_of=listed) is None:
            from headgate.bootstrap.unpriced import no_price, remedies  # most have a price

            platform = told(shown_path(("providers", ref.provider, "platform")))
            remedy = remedies(
                book,
                ref,
                on,
                prices_of=listed,
                platform=None if platform is None else str(platform),
                configured=told(shown_path(("providers", ref.provider, "dialect"))) is not None,
                most=1,
            )
            yield (
                ref,
                _at(
                    source,
                    field,
                    no_price(book, ref, listed),
                    f'{remedy} input and output below [prices."{ref}"].',
                ),
            )


def _list_field(provider: str) -> str:
    """The setting that says whose price list a provider's models are looked up in."""
    return shown_path(("providers", provider, "prices"))


def _list_of(told: Mapping[str, object], env: Mapping[str, str]) -> Table:
    directory = told.get("price_list.directory")
    return table_of(
        PriceListSettings(
            directory=None if directory is None else str(directory),
            shipped=told.get("price_list.shipped") is True,
        ),
        env,
    )


_MODEL_FIELD = re.compile(
    r"(?:(?:tiers|policies)\..*|classifier)\.(?:second_|judge_)?model"
    r"|server\.(?:embedding|image)_model|quality\.judge"
)


def _at(source: Source, field: str, message: str, fix: str) -> ConfigFault:
    places = {"file": source.name, "default": None}
    place = places.get(source.kind, str(source))
    return ConfigFault(message, fix=fix, field=field, line=source.line, source=place)
