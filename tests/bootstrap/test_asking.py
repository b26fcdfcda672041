"""Asking: paid once, tried again as the provider asks, never beyond the money."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

import pytest

from headgate.analysis.purse import Purse, SpentError
from headgate.analysis.receipts import Receipts
from headgate.bootstrap.asking import Asker, Patience, Seat, seats_of
from headgate.bootstrap.book import book_of
from headgate.bootstrap.gateway import upstream_of
from headgate.errors import ConfigError, UpstreamError
from headgate.settings import read
from headgate.testing.faults import FaultPlan
from headgate.values import ModelRef
from headgate.wire.neutral import Message, Request, Text
from tests.bootstrap.panel import KEYS, panel

DAY = date(2026, 11, 20)
JUDGE = ModelRef.parse("panel/judge")


def seats(file: Path):
    settings = read(file, env=KEYS)
    return settings, seats_of(settings, KEYS, book_of(settings, env={}), DAY, JUDGE)


def question(text: str) -> Request:
    return Request(messages=(Message("user", (Text(text),)),), max_tokens=20)


def asked(directory: Path, *texts: str, faults: FaultPlan | None = None, cap: int = 10**9):
    """What comes of asking the small model all of these at once; money spent; calls sent."""
    with panel(directory, faults) as (file, provider):
        settings, (small, _, _) = seats(file)
        receipts, purse = Receipts(directory / "state"), Purse(cap)

        async def ask(asker: Asker, seat: Seat, text: str):
            money = purse.allow(0)
            assert money is not None
            return await asker.ask(seat, seat.body(question(text)), 20, money)

        async def run():
            upstream = upstream_of(settings)
            asker = Asker(
                upstream,
                receipts,
                concurrency=3,
                patience=Patience(attempts=3, backoff_base=0.001, max_retry_after=1.5),
                jitter=lambda: 0.5,
            )
            found = await asyncio.gather(
                *(ask(asker, small, text) for text in texts), return_exceptions=True
            )
            await upstream.close()
            return found, asker.sent

        try:
            found, sent = asyncio.run(run())
        finally:
            receipts.close()
        return found, sent, purse, receipts, provider.tally.report()


def test_an_answer_comes_with_its_tokens_and_price(tmp_path: Path):
    [found], sent, purse, receipts, tally = asked(tmp_path, "hello")
    assert (found.text, found.model, found.stop) == ("RIGHT: hello", "panel/small", "stop")
    usage = tally.billed["small"].usage
    assert (found.input_tokens, found.output_tokens) == (usage.input, usage.output)
    assert found.nano == 1000 * (usage.input + 5 * usage.output) == purse.spent == receipts.spent
    assert (sent, purse.held) == (1, 0)


def test_who_asks_the_same_at_once_pays_once(tmp_path: Path):
    found, sent, *_ = asked(tmp_path, "hello", "hello", "hello")
    assert sent == 1
    assert len({answer.text for answer in found}) == 1


def test_a_refusal_is_tried_again_and_costs_nothing(tmp_path: Path):
    [found], sent, purse, *_ = asked(
        tmp_path, "hello [[overloaded:2]]", faults=FaultPlan(retry_after=0)
    )
    assert sent == 3
    assert purse.spent == found.nano


def test_who_is_asked_to_wait_too_long_gives_up(tmp_path: Path):
    [found], sent, purse, *_ = asked(
        tmp_path, "hello [[overloaded]]", faults=FaultPlan(retry_after=60)
    )
    assert isinstance(found, UpstreamError)
    assert (sent, purse.spent) == (1, 0)


def test_an_answer_that_breaks_off_counts_at_its_worst(tmp_path: Path):
    [found], sent, purse, receipts, _ = asked(tmp_path, "hello [[reset:1]]")
    assert sent == 2
    assert purse.spent == receipts.spent > found.nano


def test_without_money_nothing_is_sent(tmp_path: Path):
    [found], sent, *_ = asked(tmp_path, "hello", cap=10)
    assert isinstance(found, SpentError)
    assert sent == 0


def test_the_worst_is_more_than_any_answer_costs(tmp_path: Path):
    with panel(tmp_path) as (file, _):
        _, (small, large, judge) = seats(file)
    body = small.body(question("x" * 400))
    assert small.worst(body, 20) == 1000 * (len(body) + 64 + 5 * 20)
    assert large.worst(body, 20) > small.worst(body, 20)
    assert small.key(body) != judge.key(body)


def test_a_model_without_a_price_is_refused(tmp_path: Path):
    with panel(tmp_path) as (file, _):
        file.write_text(file.read_text().replace('[prices."panel/judge"]', '[prices."panel/x"]'))
        with pytest.raises(ConfigError, match="No price is known for panel/judge"):
            seats(file)
