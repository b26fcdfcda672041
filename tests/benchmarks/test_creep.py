"""creep: through the running gateway in compressed time, from the first alarm to the all-clear."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path

from benchmarks.creep.simulate import BEGIN, DAY, House, creeping, house, run_day

from tests.monitor.listeners import Hook, hook

RATE = creeping(20, 0.10, 0.01)


async def until(home: House, kind: str, count: int) -> None:
    """The courier has a thread of its own: wait for what it notes."""
    for _ in range(6000):
        if len(home.events(kind)) >= count:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"no {kind}: {[event.kind for event in home.events()]}")


def news(server: Hook) -> list[str]:
    return [json.loads(body)["news"] for _, _, body in server.posts]


def test_a_creep_is_alarmed_pinned_told_released_and_over(tmp_path: Path):
    async def run() -> None:
        dice = random.Random(3)
        with hook() as server:
            async with house(tmp_path, on_breach="pin", webhook=server.url) as home:
                day = 0
                while not home.events("action.pin"):
                    await run_day(home, day, 25, RATE(day), dice)
                    day += 1
                    assert day < 75
                assert day > 25  # not before the rate has gone above its budget
                (raised,) = home.events("alarm.raised")
                assert raised.subject == "escalation"
                since_day = (json.loads(raised.detail)["since_us"] / 1e6 - BEGIN) / DAY
                assert day - 1 <= since_day <= day
                await until(home, "alert.sent", 1)

                pinned = await run_day(home, day, 20, 0.1, dice)
                assert pinned.premium == pinned.pinned == 20

                home.release()
                await home.look()
                await home.look()
                await until(home, "alert.sent", 2)
                after = await run_day(home, day + 1, 25, 0.1, dice)
                assert after.pinned == 0
                assert after.premium < 12
                kinds = [event.kind for event in home.events()]
            assert kinds.count("alarm.raised") == kinds.count("alarm.cleared") == 1
            assert kinds.count("action.pin") == kinds.count("action.release") == 1
            assert news(server) == ["raised", "cleared"]

    asyncio.run(run())


def test_a_rate_that_comes_back_is_an_all_clear_by_itself(tmp_path: Path):
    async def run() -> None:
        dice = random.Random(4)
        with hook() as server:
            async with house(tmp_path, on_breach="alert", webhook=server.url) as home:
                for day in range(6):
                    await run_day(home, day, 60, 0.5, dice)
                await until(home, "alert.sent", 1)
                while not home.events("alarm.cleared"):
                    day += 1
                    await run_day(home, day, 60, 0.02, dice)
                    assert day < 25
                await until(home, "alert.sent", 2)
                assert not home.events("action.pin", "action.hold", "action.release")
            assert news(server) == ["raised", "cleared"]

    asyncio.run(run())
