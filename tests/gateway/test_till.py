"""till: reserve, settle, refuse; tills that share a store; a store that fails; a day that turns."""

from __future__ import annotations

import asyncio
import random
import threading

from headgate.access.limits import Budget, span
from headgate.access.purse import Account, Allowance
from headgate.gateway.till import REST_SECONDS, Till
from headgate.ledger.entry import Entry
from headgate.ledger.keys_memory import MemoryKeys
from headgate.ledger.store import StoreError
from tests.gateway.clocks import NOON, Stopped
from tests.gateway.leaping import run_leaping
from tests.ledger.samples import entry

DAY = Budget("day", 1000)
MINE = [("key:k", DAY)]


def till(store: MemoryKeys, clock: Stopped | None = None, name: str = "a", **more) -> Till:
    return Till(store, clock or Stopped(), holder=name, **more)


def paid(request_id: str, cost: int | None, **more) -> Entry:
    return entry(request_id=request_id, key="k", cost_nano=cost, at_us=int(NOON * 1e6), **more)


def test_money_is_set_aside_and_settled_by_what_the_ledger_says():
    async def main():
        store = MemoryKeys()
        made = till(store)
        assert await made.reserve("r", MINE, 300) is None
        assert store.spending("key:k")[0][1:] == (0, 300)
        made.take(paid("r", 40))
        made.take(paid("r", 25))
        made.take(paid("other", 0))
        made.close("r")
        made.close("r")
        await made.stop()
        assert store.spending("key:k")[0][1:] == (65, 0)

    run_leaping(main())


def test_what_is_too_dear_is_refused_until_the_day_is_over_and_told_once():
    async def main():
        told = []
        made = till(MemoryKeys(), exhausted=lambda account, limit: told.append((account, limit)))
        assert await made.reserve("r", MINE, 900) is None
        made.take(paid("r", 900))
        made.close("r")
        for _ in range(2):
            short = await made.reserve("s", MINE, 101)
            assert short is not None
            assert (short.kind, short.left, short.retry_after) == ("exhausted", 100, 12 * 3600)
        assert await made.reserve("s", MINE, 100) is None
        since_us = span("day", int(NOON * 1e6)).since_us
        assert told == [(Account("key:k", "day", since_us), 1000)]
        await made.stop()

    run_leaping(main())


def test_what_requests_under_way_hold_may_come_back_in_a_moment():
    async def main():
        made = till(MemoryKeys())
        assert await made.reserve("r", MINE, 900) is None
        short = await made.reserve("s", MINE, 200)
        assert short is not None
        assert (short.kind, short.retry_after) == ("reserved", 1.0)
        made.close("r")
        assert await made.reserve("s", MINE, 200) is None
        await made.stop()

    run_leaping(main())


def test_a_request_is_paid_for_in_every_budget_or_in_none():
    async def main():
        store = MemoryKeys()
        made = till(store)
        both = [("key:k", DAY), ("team:t", Budget("month", 50))]
        short = await made.reserve("r", both, 60)
        assert short is not None
        assert short.account.scope == "team:t"
        assert await made.reserve("r", MINE, 1000) is None, "the key's budget is untouched"
        await made.stop()

    run_leaping(main())


def test_a_new_day_has_new_money_and_yesterdays_is_told_to_the_end():
    async def main():
        store, clock = MemoryKeys(), Stopped()
        made = till(store, clock)
        assert await made.reserve("r", MINE, 1000) is None
        clock.at += 12 * 3600
        assert await made.reserve("s", MINE, 1000) is None
        made.take(paid("r", 700))
        made.close("r")
        made.close("s")
        await made.stop()
        assert [one.spent for one in store.spending("key:k")] == [0, 700]

    run_leaping(main())


def test_an_attempt_that_nobody_reserved_for_counts_where_it_belongs():
    async def main():
        store = MemoryKeys()
        made = till(store)
        assert await made.reserve("r", [*MINE, ("team:t", DAY)], 10) is None
        made.close("r")
        made.take(paid("later", 33, team="t"))
        made.take(entry(request_id="x", key=None, cost_nano=500))
        made.take(paid("y", None))
        await made.stop()
        assert store.spending("key:k")[0].spent == 33
        assert store.spending("team:t")[0].spent == 33

    run_leaping(main())


def test_two_tills_share_a_budget_and_one_that_stops_gives_back():
    async def main():
        store, clock = MemoryKeys(), Stopped()
        one, two = till(store, clock, "one"), till(store, clock, "two")
        assert await one.reserve("r", MINE, 600) is None
        short = await two.reserve("s", MINE, 600)
        assert short is not None
        assert short.kind == "reserved"
        one.take(paid("r", 100))
        one.close("r")
        await one.stop()
        assert await two.reserve("s", MINE, 600) is None
        two.close("s")
        await two.stop()
        assert store.spending("key:k")[0][1:] == (100, 0)

    run_leaping(main())


def test_many_requests_at_once_wait_for_few_visits_to_the_store():
    class Counting(MemoryKeys):
        visits = 0

        def claim(self, holder, claims, now_us):
            self.visits += 1
            return super().claim(holder, claims, now_us)

    async def main():
        store = Counting()
        made = till(store)
        budget = [("key:k", Budget("day", 10**9))]
        waiting = [made.reserve(f"r{i}", budget, 1000) for i in range(500)]
        assert await asyncio.gather(*waiting) == [None] * 500
        assert store.visits <= 3
        await made.stop()

    run_leaping(main())


class Failing(MemoryKeys):
    fails = False
    asked = 0

    def claim(self, holder, claims, now_us):
        self.asked += 1
        if self.fails:
            raise StoreError("The disk is gone.")
        return super().claim(holder, claims, now_us)


def test_a_store_that_fails_is_not_needed_while_something_is_in_hand(caplog):
    async def main():
        store, clock = Failing(), Stopped()
        made = till(store, clock)
        assert await made.reserve("r", MINE, 500) is None
        made.take(paid("r", 10))
        made.close("r")
        store.fails = True
        assert await made.reserve("s", MINE, 490) is None
        short = await made.reserve("t", MINE, 100)
        assert short is not None
        assert (short.kind, short.retry_after) == ("unavailable", 5.0)
        made.take(paid("s", 20))
        made.close("s")
        store.fails = False
        clock.at += REST_SECONDS
        assert await made.reserve("t", MINE, 100) is None
        made.close("t")
        await made.stop()
        assert store.spending("key:k")[0][1:] == (30, 0), "nothing is lost, nothing told twice"

    run_leaping(main())
    assert caplog.text.count("The disk is gone.") == 1, "said once, not at every request"


def test_a_store_that_has_failed_is_asked_once_a_second_whoever_wants_money():
    async def main():
        store, clock = Failing(), Stopped()
        made = till(store, clock)
        store.fails = True
        for second in range(1, 4):
            shorts = [await made.reserve(f"r{n}", MINE, 100) for n in range(50)]
            assert {short and short.kind for short in shorts} == {"unavailable"}
            assert store.asked == second
            clock.at += REST_SECONDS
        store.fails = False
        assert await made.reserve("s", MINE, 100) is None
        await made.stop()

    run_leaping(main())


def test_a_till_that_ends_tells_a_store_that_has_just_failed_all_the_same():
    async def main():
        store = Failing()
        made = till(store)
        assert await made.reserve("r", MINE, 500) is None
        made.take(paid("r", 30))
        made.close("r")
        store.fails = True
        assert await made.reserve("s", MINE, 980) is not None
        store.fails = False
        await made.stop()
        assert store.spending("key:k")[0][1:] == (30, 0)

    run_leaping(main())


def test_a_caller_that_leaves_while_it_waits_wants_nothing_any_more():
    async def main():
        store = MemoryKeys()
        made = till(store)
        waiting = asyncio.create_task(made.reserve("r", MINE, 800))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert await made.reserve("s", MINE, 1000) is None
        await made.stop()

    run_leaping(main())


def test_in_the_background_spending_is_told_and_idle_money_given_back():
    async def main():
        store = MemoryKeys()
        made = till(store)
        keeping = asyncio.create_task(made.keep())
        assert await made.reserve("r", MINE, 300) is None
        made.take(paid("r", 50))
        made.close("r")
        for _ in range(60):
            await asyncio.sleep(0.1)
            if store.spending("key:k")[0][1:] == (50, 0):
                break
        assert store.spending("key:k")[0][1:] == (50, 0)
        keeping.cancel()
        await made.stop()

    run_leaping(main())


def test_many_tills_in_any_order_never_spend_more_than_there_is():
    async def main(seed: int):
        dice, store, clock = random.Random(seed), MemoryKeys(), Stopped()
        tills = [till(store, clock, str(n)) for n in range(4)]
        spent = refused = 0

        async def one(number: int) -> None:
            nonlocal spent, refused
            made, amount = dice.choice(tills), dice.randint(1, 60)
            short = await made.reserve(f"r{number}", MINE, amount)
            if short is not None:
                refused += 1
                return
            await asyncio.sleep(dice.random() / 200)
            cost = dice.randint(0, amount)
            made.take(paid(f"r{number}", cost))
            made.close(f"r{number}")
            spent += cost

        await asyncio.gather(*(one(number) for number in range(300)))
        for made in tills:
            await made.stop()
        assert spent <= DAY.nano
        assert refused
        assert store.spending("key:k")[0][1:] == (spent, 0)

    for seed in range(5):
        run_leaping(main(seed))


class Slow(MemoryKeys):
    """A store that lets something happen while it is being asked."""

    def __init__(self) -> None:
        super().__init__()
        self.visits = 0
        self.meanwhile = threading.Event()
        self.go_on = threading.Event()

    def claim(self, holder, claims, at_us):
        self.visits += 1
        if self.visits == 2:
            self.meanwhile.set()
            self.go_on.wait(60)
        return super().claim(holder, claims, at_us)


def test_who_waited_while_others_took_what_was_lent_for_it_is_not_refused():
    async def main():
        store = Slow()
        made = till(store)
        large = [("key:k", Budget("day", 1_000_000))]
        waiting = [asyncio.create_task(made.reserve(f"w{n}", large, 10)) for n in range(9)]
        await asyncio.to_thread(store.meanwhile.wait, 10)
        for number in range(8):  # they come in while the store is asked, and find money in hand
            assert await made.reserve(f"late{number}", large, 10) is None
        store.go_on.set()
        assert await asyncio.gather(*waiting) == [None] * 9
        assert 2 < store.visits <= 5
        await made.stop()

    run_leaping(main())


def test_who_waits_for_what_others_hold_is_refused_without_asking_again():
    async def main():
        store = Slow()
        store.go_on.set()
        made = till(store)
        assert await made.reserve("r", MINE, 900) is None
        before = store.visits
        short = await made.reserve("s", MINE, 200)
        assert short is not None
        assert short.kind == "reserved"
        assert store.visits <= before + 2  # one that was under way, and its own
        await made.stop()

    run_leaping(main())


def test_what_is_in_hand_is_set_aside_at_once_and_in_every_budget_or_in_none():
    async def main():
        store = MemoryKeys()
        made = till(store)
        both = [*MINE, ("team:t", Budget("month", 500))]
        allowance, now = Allowance(both), int(NOON * 1e6)
        assert not made.at_once("r", allowance, 100, now), "nothing has been lent yet"
        assert await made.reserve("r", both, 100) is None
        made.close("r")
        assert made.at_once("s", allowance, 60, now)
        key, team = allowance.purses
        assert (key.reserved, team.reserved) == (60, 60)
        key.free = 1000
        assert not made.at_once("t", allowance, 90, now)
        assert (key.reserved, team.reserved) == (60, 60), (
            "nothing is taken where one has too little"
        )
        made.take(paid("s", 45))
        made.close("s")
        assert (key.reserved, key.spent) == (team.reserved, team.spent) == (0, 45)
        await made.stop()

    run_leaping(main())


def test_an_allowance_finds_the_purses_of_the_day_that_runs():
    async def main():
        clock = Stopped()
        made = till(MemoryKeys(), clock)
        allowance = Allowance([("key:k", DAY), ("key:k", Budget("month", 5000))])
        made.at_once("r", allowance, 1, int(clock.time() * 1e6))
        day, month = allowance.purses
        assert allowance.until_us == span("day", int(NOON * 1e6)).until_us
        clock.at += 86_400
        made.at_once("r", allowance, 1, int(clock.time() * 1e6))
        assert allowance.purses[0] is not day
        assert allowance.purses[1] is month
        await made.stop()

    run_leaping(main())


class Held(MemoryKeys):
    """A store that answers no claim while it is held."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()
        self.free.set()

    def claim(self, holder, claims, at_us):
        self.free.wait(60)
        return super().claim(holder, claims, at_us)


def test_nobody_waits_while_the_store_is_held_for_three_seconds_and_later_nobody_is_refused():
    """At the same rate as before: what is in hand was asked for in advance."""

    async def main():
        store = Held()
        made = till(store)
        large = [("key:k", Budget("day", 10**12))]

        async def second(name: str) -> None:
            """A thousand requests."""
            for number in range(1000):
                request = f"{name}{number}"
                assert await made.reserve(request, large, 100) is None
                made.take(paid(request, 100))
                made.close(request)

        for name in "abcd":
            assert await made._ask(), "as it does each second"
            await second(name)
        store.free.clear()
        regular = asyncio.create_task(made._ask())
        for name in "efg":
            await asyncio.wait_for(second(name), 60)
        assert not regular.done()
        late = [made.reserve(f"late{number}", large, 100) for number in range(2000)]
        asyncio.get_running_loop().call_later(0.05, store.free.set)
        assert await asyncio.gather(*late) == [None] * 2000
        assert await regular
        await made.stop()

    run_leaping(main())
