"""late_pages: nothing is made before somebody looks, and then what was asked for last."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from headgate.bootstrap.book import book_of
from headgate.bootstrap.late_pages import LatePages
from headgate.errors import ConfigError
from headgate.gateway.caller import Caller
from headgate.settings import Reading, read_with_sources


def reading(name: str) -> Reading:
    return read_with_sources(None, env={}, need_providers=False)._replace(file=Path(name))


class House:
    """Pages that say which configurations they have shown, and the visitors who came."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.visits: list[tuple[str, object]] = []
        self.wrong: ConfigError | None = None
        self.threads: list[str] = []
        self.begun = threading.Event()
        self.held = threading.Event()
        self.held.set()

    def make(self, given: Reading) -> House:
        self.threads.append(threading.current_thread().name)
        self.begun.set()
        self.held.wait(60)
        if self.wrong is not None:
            raise self.wrong
        self.made.append(str(given.file))
        return self

    async def site(self, caller: Caller) -> None:
        self.visits.append((self.made[-1], caller))

    def adopt(self, given: Reading, book: object = None) -> None:
        self.made.append(str(given.file))


ANYONE: Any = object()
BOOK = book_of(reading("first").settings, "test")


def test_they_are_made_once_by_the_first_visitor_and_not_on_the_event_loop():
    house = House()

    async def visits() -> None:
        pages = LatePages(reading("first"), house.make)
        await asyncio.sleep(0)
        assert not house.made
        await asyncio.gather(*(pages(ANYONE) for _ in range(5)))

    asyncio.run(visits())
    assert house.made == ["first"]
    assert len(house.visits) == 5
    assert house.threads != [threading.main_thread().name]


def test_they_are_of_the_configuration_that_is_in_effect():
    house = House()

    async def visits() -> None:
        pages = LatePages(reading("first"), house.make)
        pages.adopt(reading("second"), BOOK)
        await pages(ANYONE)
        pages.adopt(reading("third"), BOOK)
        await pages(ANYONE)

    asyncio.run(visits())
    assert house.visits == [("second", ANYONE), ("third", ANYONE)]


def test_a_change_while_they_are_made_is_shown_to_whoever_waits():
    house = House()
    house.held.clear()

    async def visits() -> None:
        pages = LatePages(reading("first"), house.make)
        visit = asyncio.create_task(pages(ANYONE))
        await asyncio.to_thread(house.begun.wait, 10)
        pages.adopt(reading("second"), BOOK)
        house.held.set()
        await visit

    asyncio.run(visits())
    assert house.made == ["first", "second"]
    assert house.visits == [("second", ANYONE)]


def test_where_they_cannot_be_made_the_next_visitor_has_it_tried_again():
    house = House()
    house.wrong = ConfigError("no", fix="do")

    async def visits() -> None:
        pages = LatePages(reading("first"), house.make)
        with pytest.raises(ConfigError):
            await pages(ANYONE)
        house.wrong = None
        await pages(ANYONE)

    asyncio.run(visits())
    assert house.visits == [("first", ANYONE)]
