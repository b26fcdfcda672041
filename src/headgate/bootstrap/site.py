"""Builds the site: which page is where, and what each of them reads."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import msgspec

from headgate.bootstrap.book import book_of, prices_of
from headgate.bootstrap.ends import announced
from headgate.bootstrap.glances import PATIENCE_SECONDS, Glances
from headgate.bootstrap.key_ring import LedgerKeyRing
from headgate.bootstrap.observer import LedgerObserver
from headgate.bootstrap.planner import Measure, SettingsPlanner
from headgate.bootstrap.scenario import calls_per_month
from headgate.errors import ConfigError, RequestError
from headgate.ledger.keys import KeyStore
from headgate.ledger.store import Store, StoreError
from headgate.monitor.endings import Ending
from headgate.prices.book import Book
from headgate.prices.catalogue import Found, Held, history, search
from headgate.routing.artifact import fingerprint, load
from headgate.settings import Reading
from headgate.settings.schema import Settings
from headgate.values import ModelRef
from headgate.web.alerts import Alerts
from headgate.web.calculator import Calculator
from headgate.web.dashboard import Dashboard
from headgate.web.keys import Keys
from headgate.web.observer import Seen
from headgate.web.period import Period
from headgate.web.prices import Prices
from headgate.web.request import OneRequest, Prompts
from headgate.web.requests import Requests
from headgate.web.routers import Routers, RouterSeen
from headgate.web.site import Place, Site
from headgate.web.templates import Templates
from headgate.web.visit import Answer, Visit, redirect

__all__ = ["Pages", "SettingsPrices", "SettingsRouters", "pages_of"]

FIXED = ("escalation", "escalation_budgets", "ledger", "quality", "watch", "alerts")
"""Sections that a running gateway does not change: the pages show those of its start."""

OF_A_LEDGER = (
    *(f"/{name}{form}" for name in ("requests", "alerts") for form in ("", ".json", ".csv")),
    *("/requests/", "/dashboard.json", "/dashboard.csv", "/keys"),
)
"""Pages that need one: without it they say so."""


def pages_of(
    reading: Reading,
    store: Store | None,
    *,
    token: str | None,
    keys: KeyStore | None = None,
    sample: Measure | None = None,
    sums_up: bool = False,
) -> Pages:
    """The pages of a configuration, now. See `Pages` for the arguments."""
    return Pages(
        reading,
        store,
        _book(reading),
        keys=keys,
        sample=sample,
        sums_up=sums_up,
        token=token,
        now_us=_now_us,
        today=_today,
    )


class Pages:
    """The site of a configuration, and what it is made from.

    Args:
        store: the ledger; only events of keys are written to it. None: no pages of it.
        book: the prices.
        keys: its virtual keys; None: no page of them.
        sample: settings with what a sample says; None where there is none.
        sums_up: hours that are over are added up before the dashboard looks. A gateway does so by
            itself; pages that are shown alone may be of a ledger that none is writing to.
        patience: seconds that the dashboard waits for what it shows.
        token: the admin token that a visitor must give; None lets this machine's visitors in.
        now_us: the time, microseconds since 1970.
        today: the day that prices are of.
    """

    def __init__(
        self,
        reading: Reading,
        store: Store | None,
        book: Book,
        *,
        keys: KeyStore | None = None,
        sample: Measure | None = None,
        sums_up: bool = False,
        patience: float = PATIENCE_SECONDS,
        token: str | None,
        now_us: Callable[[], int],
        today: Callable[[], date],
    ) -> None:
        self._settings = reading.settings
        self._store = store
        self._keys = keys
        self._sample = sample
        self._patience = patience
        self._sums_up = threading.Lock() if sums_up else None
        self._now_us = now_us
        self._token = token
        self._today = today
        self._observer = (
            None if store is None else LedgerObserver(store, reading.settings, book, now_us=now_us)
        )
        self.site = Site(
            lambda templates: self._places(reading, book, templates),
            token=token,
            now=time.time,
            chance=lambda: secrets.token_urlsafe(18),
        )

    def adopt(self, reading: Reading, book: Book | None = None) -> None:
        """Show a changed configuration from the next visit on; who has logged in stays so.

        Args:
            book: its prices; None: as its settings say.
        """
        kept = {name: getattr(self._settings, name) for name in FIXED}
        settings = msgspec.structs.replace(reading.settings, **kept)
        book = book or _book(reading)
        if self._observer is not None:
            self._observer.adopt(settings, book)
        shown = reading._replace(settings=settings)
        self.site.adopt(lambda templates: self._places(shown, book, templates))

    def _places(self, reading: Reading, book: Book, templates: Templates) -> Mapping[str, Place]:
        settings, observer, now_us = reading.settings, self._observer, self._now_us
        measures: dict[str, Measure] = {} if observer is None else {"ledger": observer.measurement}
        if self._sample is not None:
            measures["sample"] = self._sample
        planner = SettingsPlanner(reading, today=self._today, measures=measures)
        calculator = Calculator(planner, templates)
        shelf = SettingsRouters(reading)
        routers = Place(Routers(shelf, templates, calls_per_month(settings)).show, title="Routers")
        prices = Prices(SettingsPrices(settings, book, self._today), templates)
        listed = {
            "/prices": Place(prices.show, title="Prices"),
            "/prices.json": Place(prices.json),
            "/prices.csv": Place(prices.csv),
        }
        places = {
            "/plan": Place(calculator.show, title="Plan"),
            "/plan.json": Place(calculator.json),
            "/plan.csv": Place(calculator.csv),
            "/plan.md": Place(calculator.markdown),
            "/plan.html": Place(calculator.html),
            "/plan.toml": Place(calculator.toml),
            "/plan/models": Place(calculator.models),
        }
        if observer is None:
            return {
                "/": Place(_to_plan),
                **places,
                "/routers": routers,
                **listed,
                **dict.fromkeys(OF_A_LEDGER, Place(_no_ledger)),
            }
        dashboard = Dashboard(
            observer,
            templates,
            now_us,
            glance=Glances(partial(self._look, observer), patience=self._patience),
        )
        tiers = [tier.name for tier in settings.tiers]
        requests = Requests(observer, templates, now_us, tiers)
        stored: Prompts = "on" if settings.ledger.store_prompts else "off"
        if self._token is None:  # whoever has an account on this machine may look
            stored = "closed"
        alerts = Alerts(observer, templates, now_us)
        request = OneRequest(observer, templates, tiers, prompts=stored)
        return {
            "/": Place(dashboard.show, title="Dashboard"),
            "/dashboard.json": Place(dashboard.json),
            "/dashboard.csv": Place(dashboard.csv),
            **places,
            "/requests": Place(requests.show, title="Requests"),
            "/requests.json": Place(requests.json),
            "/requests.csv": Place(requests.csv),
            "/requests/": Place(request.show),
            "/routers": routers,
            **self._keys_place(settings, templates),
            **listed,
            "/alerts": Place(alerts.show, title="Alerts"),
            "/alerts.json": Place(alerts.json),
            "/alerts.csv": Place(alerts.csv),
        }

    def _look(self, observer: LedgerObserver, period: Period) -> Seen:
        """A look for the dashboard, over hours that are added up."""
        if self._sums_up is not None and self._store is not None:
            with self._sums_up, suppress(StoreError):  # then the rows tell, and take their time
                while self._store.roll(self._now_us(), most=1):
                    pass
        return observer.look(period)

    def _keys_place(self, settings: Settings, templates: Templates) -> dict[str, Place]:
        """The page of the keys, or of why there are none to show."""
        if self._store is None or self._keys is None:
            return {"/keys": Place(_keys_elsewhere if self._token is None else _no_keys)}
        ring = LedgerKeyRing(self._keys, self._store, settings, self._now_us)
        page = Keys(ring, templates, self._now_us)
        return {"/keys": Place(page.show, methods=("GET", "POST"), title="Keys")}


class SettingsRouters:
    """The `RouterShelf` of a configuration: the files that it names, read at each look."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def routers(self) -> Sequence[RouterSeen]:
        """See `RouterShelf.routers`."""
        settings = self._reading.settings
        named: dict[tuple[str, str], float | None] = {}
        for place, classifier in (
            ("classifier", settings.classifier),
            *((f"policy {one.name}", one) for one in settings.policies),
        ):
            for role in ("router", "verifier"):
                path = getattr(classifier, role, None)
                threshold = "threshold" if role == "router" else "verifier_threshold"
                if path is not None:
                    title = place if role == "router" else f"{place}, verifier"
                    named[title, path] = getattr(classifier, threshold, None)
        return [self._seen(place, path, threshold) for (place, path), threshold in named.items()]

    def _seen(self, place: str, name: str, threshold: float | None) -> RouterSeen:
        path = Path(name)
        try:
            data = path.read_bytes()
            artifact = load(data, str(path))
        except OSError as error:
            told = f"{path} cannot be read: {error.strerror}."
            return RouterSeen(place=place, path=str(path), problem=told)
        except ConfigError as error:
            return RouterSeen(place=place, path=str(path), problem=error.message)
        return RouterSeen(
            place=place,
            path=str(path),
            version=fingerprint(data),
            artifact=artifact,
            threshold=threshold,
        )


class SettingsPrices:
    """The `PriceList` of a configuration: its book, today."""

    def __init__(self, settings: Settings, book: Book, today: Callable[[], date]) -> None:
        self._settings = settings
        self._book = book
        self._today = today

    @property
    def source(self) -> str:
        """Whose list, and as of when."""
        return self._book.source

    @property
    def today(self) -> date:
        """The day that prices are shown for."""
        return self._today()

    def search(self, text: str) -> Sequence[Found]:
        """Models that fit, best first; without a text those of the settings before all."""
        found = search(self._book, text, self.today)
        if text:
            return found
        own = {tier.model for tier in self._settings.tiers} | {self._settings.classifier.model}
        return sorted(found, key=lambda one: f"{one.card.provider}/{one.card.model}" not in own)

    def ending(self, name: str) -> Ending | None:
        """What is announced of its end."""
        return announced(self._settings, name)

    def history(self, name: str) -> Sequence[Held]:
        """All prices of a model, the oldest first."""
        try:
            ref = ModelRef.parse(name)
        except ValueError:
            return ()
        found = self._book.find(ref, prices_of=prices_of(self._settings, ref.provider))
        return () if found is None else history(found[1])


def _book(reading: Reading) -> Book:
    source = reading.file.name if reading.file else "flags"
    return book_of(reading.settings, source, env=os.environ)


def _to_plan(_: Visit) -> Answer:
    return redirect("/plan")


def _no_ledger(_: Visit) -> Answer:
    raise RequestError(
        "There is no ledger here, and this page is made from one.",
        fix="`headgate ui --ledger URL` names a ledger; `headgate serve` writes one.",
        status=404,
    )


def _keys_elsewhere(_: Visit) -> Answer:
    raise RequestError(
        "The keys are shown on a gateway's admin port, to those who have its token.",
        fix="`headgate keys list` shows them too.",
        status=404,
    )


def _no_keys(_: Visit) -> Answer:
    raise RequestError(
        "A ledger in memory has no virtual keys.",
        fix="Name a database below [ledger] as url.",
        status=404,
    )


def _today() -> date:
    return datetime.now(UTC).date()


def _now_us() -> int:
    return time.time_ns() // 1000
