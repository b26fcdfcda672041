"""The quality watch in a running gateway: who is sampled, what is compared, what it may cost."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from headgate.gateway.shadow import Shadow
from headgate.gateway.trial import FIRST_ATTEMPT, DayPurse
from headgate.ledger.event import Event
from headgate.monitor.quality import Comparison, comparisons
from headgate.routing.tier import Tier
from headgate.testing.brain import Answer, Brain, Prompt
from headgate.values import ModelRef
from tests.gateway.house import ECHO, RULES, House, house
from tests.gateway.leaping import run_leaping

JUDGE_MODEL = "gemini-2.5-flash"
JUDGE = Tier(
    name="judge", model=ModelRef("google", JUDGE_MODEL), attempts=1, timeout=20, fallback=False
)
UNPRICED = msgspec.structs.replace(JUDGE, model=ModelRef("google", "gpt-5-mini"))
RICH = 10**12
GOOD, BAD = "a good answer", "a bad answer"


class Planted:
    """Cheap is bad where the request says so; the judge marks what it sees, or the first place."""

    def __init__(self, *, biased: bool = False, mute: bool = False) -> None:
        self.biased = biased
        self.mute = mute
        self.judged: list[str] = []

    def answer(self, prompt: Prompt) -> Answer:
        if prompt.model == JUDGE_MODEL:
            return Answer(text=self._ruling(prompt.last_user))
        cheap = prompt.model == "claude-haiku-4-5"
        return Answer(text=BAD if cheap and "difficult" in prompt.text else GOOD)

    def _ruling(self, case: str) -> str:
        self.judged.append(case)
        if self.mute:
            return "I would rather not say."
        shown = re.findall(r"--- ANSWER [AB] \w+ ---\n(.*?)\n", case)
        marks = [4 if text == GOOD else 1 for text in shown]
        if self.biased:
            marks = [4, 2]
        return f'That decides it. {{"A": {marks[0]}, "B": {marks[1]}}}'


class Watched:
    def __init__(self, gate: House, shadow: Shadow, events: list[Event]) -> None:
        self.gate = gate
        self.shadow = shadow
        self.events = events

    async def compared(self) -> list[Comparison]:
        await self.shadow.finished()
        return comparisons(self.events)

    @property
    def rows(self):
        return [entry for entry in self.gate.entries if entry.purpose == "shadow"]


def run(
    work: Callable[[Watched], Any],
    *,
    brain: Brain | None = None,
    rate: float = 1.0,
    cap: int = RICH,
    dice: Sequence[float] = (),
    most: int = 8,
    judge: Tier = JUDGE,
):
    async def main():
        async with house(RULES, brain=brain or Planted()) as gate:
            events: list[Event] = []
            draws = iter(dice)
            gate.app.shadow = Shadow(
                lambda: gate.app.plant,
                judge=judge,
                rate=rate,
                purse=DayPurse(cap),
                dice=lambda: next(draws, 0.0),
                note=events.append,
                most=most,
            )
            return await work(Watched(gate, gate.app.shadow, events))

    return run_leaping(asyncio.wait_for(main(), 60))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("text", "kept"), [("easy", (1.0, 1.0)), ("difficult", (0.25, 1.0))])
def test_a_cheap_answer_is_compared_with_premiums(stream, text, kept):
    async def work(watched: Watched):
        if stream:
            answer = await watched.gate.client.chat.completions.create(
                model="auto", messages=[{"role": "user", "content": text}], stream=True
            )
            parts = [
                chunk.choices[0].delta.content or "" async for chunk in answer if chunk.choices
            ]
            assert "".join(parts) == (BAD if text == "difficult" else GOOD)
        else:
            await watched.gate.ask(text)
        (found,) = await watched.compared()
        assert (found.outcome, found.cheap, found.premium) == ("decided", *kept)
        assert not found.swung
        assert found.cheap_model == "anthropic/claude-haiku-4-5"
        assert found.premium_model == "anthropic/claude-sonnet-4-6"
        assert (found.route, found.policy) == ("/v1/chat/completions", "auto")
        return watched.rows, found

    rows, found = run(work)
    assert [(row.tier, row.attempt - FIRST_ATTEMPT) for row in rows] == [
        ("premium", 0),
        ("judge", 1),
        ("judge", 2),
    ]
    assert all(not row.served and row.key is None for row in rows)
    assert found.cost_nano == sum(row.cost_nano or 0 for row in rows) > 0
    assert {row.request_id for row in rows} == {found.request_id}


@pytest.mark.parametrize("route", ["messages", "responses"])
def test_callers_of_every_dialect_are_sampled(route):
    async def work(watched: Watched):
        if route == "messages":
            await watched.gate.claude.messages.create(
                model="auto", max_tokens=50, messages=[{"role": "user", "content": "difficult"}]
            )
        else:
            await watched.gate.client.responses.create(model="auto", input="difficult")
        (found,) = await watched.compared()
        return found

    found = run(work)
    assert (found.outcome, found.cheap) == ("decided", 0.25)


def test_premium_is_shown_second_once_and_first_once_and_never_named():
    brain = Planted()

    async def work(watched: Watched):
        await watched.gate.ask("difficult")
        await watched.compared()

    run(work, brain=brain)
    orders = [re.findall(r"(good|bad) answer", case) for case in brain.judged]
    assert sorted(orders) == [["bad", "good"], ["good", "bad"]]
    assert not any("claude" in case or "premium" in case for case in brain.judged)


def test_a_judge_that_looks_at_the_place_is_counted_as_swung_and_favours_nobody():
    async def work(watched: Watched):
        await watched.gate.ask("easy")
        return await watched.compared()

    (found,) = run(work, brain=Planted(biased=True))
    assert found.swung
    assert found.cheap == found.premium == 0.75


def test_what_the_judge_does_not_say_in_its_form_is_no_verdict():
    async def work(watched: Watched):
        await watched.gate.ask("easy")
        return await watched.compared()

    (found,) = run(work, brain=Planted(mute=True))
    assert (found.outcome, found.cheap) == ("unread", None)
    assert found.cost_nano


def test_premium_answers_and_pins_are_not_compared():
    async def work(watched: Watched):
        await watched.gate.ask("please prove it")
        await watched.gate.ask("easy", model="cheap")
        return await watched.compared(), watched.rows

    assert run(work) == ([], [])


def test_the_sample_is_drawn_by_the_dice():
    async def work(watched: Watched):
        for _ in range(4):
            await watched.gate.ask("easy")
        return await watched.compared()

    found = run(work, rate=0.3, dice=[0.5, 0.29, 0.3, 0.0])
    assert len(found) == 2
    assert {one.rate for one in found} == {0.3}


def test_the_days_money_is_never_passed_and_what_lacks_it_says_so():
    async def work(watched: Watched):
        await asyncio.gather(*(watched.gate.ask(f"easy {number}") for number in range(6)))
        found = await watched.compared()
        return found, sum(row.cost_nano or 0 for row in watched.rows)

    cap = 200_000_000
    found, spent = run(work, cap=cap)
    assert spent <= cap
    outcomes = {one.outcome for one in found}
    assert "unpaid" in outcomes
    assert len(found) == 6


def test_nothing_of_it_reaches_the_caller_when_premium_fails():
    async def work(watched: Watched):
        _, headers = await watched.gate.ask("easy [[error@claude-sonnet-4-6]]")
        (found,) = await watched.compared()
        return headers["x-headgate-tier"], found.outcome

    class Failing(Planted):
        def answer(self, prompt: Prompt) -> Answer:
            if prompt.model == "claude-sonnet-4-6":
                return Answer(text="")
            return super().answer(prompt)

    assert run(work, brain=Failing()) == ("cheap", "failed")


def test_without_a_price_nobody_is_asked():
    async def work(watched: Watched):
        await watched.gate.ask("easy")
        return [one.outcome for one in await watched.compared()], watched.rows

    assert run(work, judge=UNPRICED) == (["unfit"], [])


def test_too_many_at_once_are_given_up_and_counted():
    async def work(watched: Watched):
        await asyncio.gather(*(watched.gate.ask(f"easy {number}") for number in range(8)))
        found = await watched.compared()
        return len(found), watched.shadow.given_up

    compared, given_up = run(work, most=1)
    assert compared + given_up == 8
    assert compared >= 1


def test_what_is_under_way_when_the_gateway_stops_is_given_up_and_its_row_is_written():
    async def work(watched: Watched):
        await watched.gate.ask("easy [[stall@claude-sonnet-4-6]]")
        while len(watched.gate.seen) < 2:  # noqa: ASYNC110 - nobody would set an event
            await asyncio.sleep(0.01)
        await watched.shadow.close()
        return comparisons(watched.events), watched.rows

    found, (row,) = run(work, brain=ECHO)
    assert found == []
    assert (row.error, row.usage_source) == ("given-up", "estimated")


def test_a_purse_begins_anew_each_day_and_keeps_what_is_laid_aside():
    purse = DayPurse(100, spent=60, today=1)
    assert not purse.hold(50, 1)
    assert purse.hold(40, 1)
    purse.settle(40, 10)
    assert (purse.spent, purse.held) == (70, 0)
    assert purse.hold(30, 1)
    assert not purse.hold(71, 2)
    assert purse.hold(70, 2)
    assert purse.spent == 0


def test_no_text_is_kept():
    async def work(watched: Watched):
        await watched.gate.ask("a secret canary, easy")
        await watched.compared()
        return json.dumps([event.detail for event in watched.events])

    told = run(work)
    assert "canary" not in told
    assert GOOD not in told
