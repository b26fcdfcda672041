"""Deadlines: never early, at most a tick late, and a cancellation stays a cancellation."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from headgate.gateway.deadline import TICK, Deadlines
from tests.gateway.leaping import run_leaping


def cancelling() -> int:
    task = asyncio.current_task()
    assert task is not None
    return task.cancelling()


def run(main):
    return run_leaping(asyncio.wait_for(main, 60))


@pytest.mark.parametrize("seconds", [0.0, 0.01, TICK, 0.08, 3.333])
def test_an_action_comes_once_never_early_and_a_tick_late_at_most(seconds):
    async def main():
        deadlines = Deadlines()
        done: list[float] = []
        loop = asyncio.get_running_loop()
        began = loop.time()
        deadlines.arm("a", seconds, lambda: done.append(loop.time() - began))
        await asyncio.sleep(seconds + 6 * TICK)
        return done

    (came,) = run(main())
    assert seconds <= came <= seconds + TICK + 1e-9


def test_an_owner_that_disarms_or_arms_again_loses_the_old_action():
    async def main():
        deadlines = Deadlines()
        done: list[object] = []
        deadlines.arm("gone", 0.01, lambda: done.append("gone"))
        deadlines.arm("again", 0.01, lambda: done.append("old"))
        deadlines.disarm("gone")
        deadlines.disarm("never there")
        deadlines.arm("again", 0.02, lambda: done.append("new"))
        await asyncio.sleep(6 * TICK)
        return done

    assert run(main()) == ["new"]


def test_it_rests_while_nothing_is_armed_and_wakes_again():
    async def main():
        deadlines = Deadlines()
        done: list[object] = []
        for number in (1, 2):
            deadlines.arm(number, 0.0, partial(done.append, number))
            await asyncio.sleep(4 * TICK)
            assert not deadlines._ticking
        return done

    assert run(main()) == [1, 2]


def test_an_action_that_fails_takes_no_other_with_it():
    async def main():
        deadlines, done, told = Deadlines(), [], []
        asyncio.get_running_loop().set_exception_handler(lambda _, about: told.append(about))
        deadlines.arm("bad", 0.0, lambda: 1 // 0)
        deadlines.arm("good", 0.0, lambda: done.append("good"))
        await asyncio.sleep(4 * TICK)
        return done, [type(about["exception"]) for about in told]

    assert run(main()) == (["good"], [ZeroDivisionError])


def test_a_block_that_takes_too_long_ends_with_a_time_out():
    async def main():
        deadlines = Deadlines()
        with pytest.raises(TimeoutError), deadlines.within(0.01):
            await asyncio.sleep(5)
        assert cancelling() == 0
        with deadlines.within(5):
            await asyncio.sleep(0)
        assert not deadlines._armed
        return "on it goes"

    assert run(main()) == "on it goes"


def test_an_error_in_a_block_is_its_own():
    async def main():
        deadlines = Deadlines()
        with pytest.raises(KeyError), deadlines.within(5):
            raise KeyError("own")
        assert not deadlines._armed

    run(main())


def test_a_cancellation_from_elsewhere_is_no_time_out():
    async def main():
        deadlines = Deadlines()

        async def work():
            with deadlines.within(5):
                await asyncio.sleep(5)

        task = asyncio.ensure_future(work())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main())


@pytest.mark.parametrize("seconds", [0.0, -0.5])
def test_a_block_without_time_is_not_entered(seconds):
    async def main():
        deadlines = Deadlines()
        entered = False
        with pytest.raises(TimeoutError), deadlines.within(seconds):
            entered = True
        assert not entered
        await asyncio.sleep(0)  # and nothing is cancelled later

    run(main())


def test_a_cancellation_that_comes_with_the_deadline_wins():
    async def main():
        deadlines = Deadlines()

        async def work():
            with deadlines.within(0.01):
                await asyncio.sleep(5)

        task = asyncio.ensure_future(work())
        await asyncio.sleep(0)
        _, expire = next(iter(deadlines._armed.values()))
        expire()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main())


def test_a_deadline_that_was_due_as_the_block_ended_cancels_nothing():
    async def main():
        deadlines = Deadlines()
        with deadlines.within(5) as block:
            pass
        block._expire()  # it was on its way
        await asyncio.sleep(0)
        return cancelling()

    assert run(main()) == 0


def test_blocks_can_stand_in_each_other():
    async def main():
        deadlines = Deadlines()
        with pytest.raises(TimeoutError), deadlines.within(0.01), deadlines.within(5):
            await asyncio.sleep(5)
        with deadlines.within(5), pytest.raises(TimeoutError), deadlines.within(0.01):
            await asyncio.sleep(5)
        return cancelling()

    assert run(main()) == 0


def test_outside_of_a_task_a_block_is_refused():
    deadlines = Deadlines()
    with pytest.raises(RuntimeError), deadlines.within(1):
        pass
