"""Labelling: each request goes to both tiers and, blind and in both orders, to the judge."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from headgate.analysis.judging import MOST_TOKENS, SYSTEM, both_orders, case, ruling
from headgate.analysis.label import Item, Labelled, Unlabelled
from headgate.analysis.purse import Allowance, Purse, SpentError
from headgate.analysis.receipts import Receipt, Receipts
from headgate.bootstrap.asking import Asker, Seat
from headgate.errors import RequestError, UpstreamError
from headgate.values import CHARS_PER_TOKEN, Usage
from headgate.wire.lane import small_request

__all__ = ["Bench", "Forecast", "Outcome", "forecast", "label"]

LIKELY_OUTPUT = 300
"""Tokens of an answer where the sample does not tell."""
LIKELY_RULING = 80
HOPELESS = 8
"""Items that fail one after the other, with nothing between, until labelling stops."""


class Bench(NamedTuple):
    """Who answers and who judges."""

    cheap: Seat
    premium: Seat
    judge: Seat


class Forecast(NamedTuple):
    """What labelling will cost beyond what is paid, nano-USD."""

    expected: int
    worst: int
    calls: int
    """Not counting retries, nor calls whose receipts are there."""


class Outcome(NamedTuple):
    """What came of labelling."""

    labelled: list[Labelled]
    """By the lots that the items drew."""
    unlabelled: list[Unlabelled]
    left: int
    """Items that were not begun, because the money would not have sufficed."""


def forecast(
    items: Sequence[Item], bench: Bench, receipts: Receipts, mean_output: float | None
) -> Forecast:
    """The price of labelling these items, before a single call."""
    likely = round(mean_output) if mean_output else LIKELY_OUTPUT
    expected = worst = calls = 0
    for item in items:
        output = min(likely, _limit(item))
        for seat in (bench.cheap, bench.premium):
            body = _body(seat, item)
            if body is not None and seat.key(body) not in receipts.paid:
                calls += 1
                most = seat.worst(body, _limit(item))
                expected += seat.cost(Usage(item.tokens, output), most)
                worst += most
        if not _judged(item, bench, receipts):
            read = item.tokens + 2 * output + len(SYSTEM) // CHARS_PER_TOKEN
            calls += 2
            most = _worst_ruling(item, bench.judge)
            expected += 2 * bench.judge.cost(Usage(read, LIKELY_RULING), most)
            worst += 2 * most
    return Forecast(expected, worst, calls)


def _limit(item: Item) -> int:
    limit = item.question.max_tokens
    assert limit is not None  # noqa: S101 - `question_of` sets it
    return limit


def _body(seat: Seat, item: Item) -> bytes | None:
    try:
        return seat.body(item.question)
    except RequestError:
        return None


def _judged(item: Item, bench: Bench, receipts: Receipts) -> bool:
    """Whether both rulings are paid already."""
    answers = []
    for seat in (bench.cheap, bench.premium):
        body = _body(seat, item)
        found = None if body is None else receipts.paid.get(seat.key(body))
        if found is None:
            return False
        answers.append(found.text)
    cases = _cases(item, bench.judge, answers[0], answers[1])
    return all(bench.judge.key(body) in receipts.paid for body in cases)


def _cases(item: Item, judge: Seat, cheap: str, premium: str) -> list[bytes]:
    """The judge's two calls: the cheap answer as A, and as B."""
    return [
        small_request(
            judge.provider.dialect, judge.ref.model, SYSTEM, case(item.text, *pair), MOST_TOKENS
        )
        for pair in ((cheap, premium), (premium, cheap))
    ]


def _worst_ruling(item: Item, judge: Seat) -> int:
    """The most that one ruling is expected to cost: both answers as long as they may be.

    It is what is laid aside, not what holds the cap: that is counted from the call itself.
    """
    empty = _cases(item, judge, "", "")[0]
    return judge.worst(empty + b" " * (2 * CHARS_PER_TOKEN * _limit(item)), MOST_TOKENS)


async def label(
    items: Sequence[Item],
    bench: Bench,
    asker: Asker,
    purse: Purse,
    *,
    workers: int,
    step: Callable[[], None] = lambda: None,
) -> Outcome:
    """Label items in their order, several at a time, until they or the money are at an end.

    Args:
        items: by lot, so that what is labelled when the money ends is a random part as well.
        bench: who is asked.
        asker: sends the calls.
        purse: what may be spent.
        workers: items under way at once.
        step: called after each item.

    Raises:
        ConfigError: a provider refuses all calls, or nothing but failures come.
    """
    desk = _Desk(items, bench, asker, purse, step)
    async with asyncio.TaskGroup() as group:
        for _ in range(max(1, min(workers, len(items)))):
            group.create_task(desk.work())
    return desk.outcome()


class _Desk:
    """What the workers share: the items to come, and those that are done."""

    def __init__(
        self,
        items: Sequence[Item],
        bench: Bench,
        asker: Asker,
        purse: Purse,
        step: Callable[[], None],
    ) -> None:
        self._items = items
        self._bench = bench
        self._asker = asker
        self._purse = purse
        self._step = step
        self._next = 0
        self._stopped = False
        self._failed_in_a_row = 0
        self._done: dict[int, Labelled | Unlabelled] = {}
        self._settled = asyncio.Event()
        """Set whenever an item is over: money that was held may be free again."""

    async def work(self) -> None:
        """Take items until there is none, or no money for the next."""
        while not self._stopped and self._next < len(self._items):
            place = self._next
            self._next += 1
            money = await self._laid_aside(self._items[place])
            if money is None:
                self._stopped = True
                return
            try:
                self._done[place] = await self._labelled(self._items[place], money)
            except SpentError:
                self._stopped = True
                return
            finally:
                money.close()
                self._settled.set()
            self._step()
            self._watch(self._done[place])

    async def _laid_aside(self, item: Item) -> Allowance | None:
        """The money for an item; None where it is not there even when all others are done."""
        wanted = self._wanted(item)
        while True:
            found = self._purse.allow(wanted)
            if found is not None or self._stopped or not self._purse.held:
                return found
            self._settled.clear()
            await self._settled.wait()

    def _wanted(self, item: Item) -> int:
        bench = self._bench
        total = 2 * _worst_ruling(item, bench.judge)
        for seat in (bench.cheap, bench.premium):
            body = _body(seat, item)
            total += 0 if body is None else seat.worst(body, _limit(item))
        return total

    async def _labelled(self, item: Item, money: Allowance) -> Labelled | Unlabelled:
        bench = self._bench
        try:
            cheap = await self._answer(bench.cheap, item, money)
            premium = await self._answer(bench.premium, item, money)
            texts = []
            for body in _cases(item, bench.judge, cheap.text, premium.text):
                found = await self._asker.ask(bench.judge, body, MOST_TOKENS, money)
                texts.append(found.text)
        except RequestError as error:
            return Unlabelled(item, f"a tier cannot be asked it: {error.message}")
        except UpstreamError as error:
            return Unlabelled(item, error.message)
        rulings = [ruling(text) for text in texts]
        if rulings[0] is None or rulings[1] is None:
            return Unlabelled(item, "the judge gave no marks that can be read")
        return Labelled(item, cheap, premium, both_orders(rulings[0], rulings[1]))

    async def _answer(self, seat: Seat, item: Item, money: Allowance) -> Receipt:
        return await self._asker.ask(seat, seat.body(item.question), _limit(item), money)

    def _watch(self, done: Labelled | Unlabelled) -> None:
        """Stop where nothing but failures come: each of them may cost."""
        if isinstance(done, Labelled):
            self._failed_in_a_row = 0
            return
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= HOPELESS:
            self._stopped = True

    def outcome(self) -> Outcome:
        """So far."""
        done = [self._done[place] for place in sorted(self._done)]
        return Outcome(
            [one for one in done if isinstance(one, Labelled)],
            [one for one in done if isinstance(one, Unlabelled)],
            len(self._items) - len(done),
        )
