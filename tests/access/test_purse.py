"""purse: transcripts of leases, and that no order of them spends more than there is."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.access.purse import Account, Grant, Purse, lend, reclaimed

HERE = Account("key:k", "day", 0)
LIMIT = 1000


class Shop:
    """One account, and the leases of several processes, as a store keeps them."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.account = (0, 0)
        self.leases: dict[str, tuple[int, int]] = {}

    def visit(self, name: str, purse: Purse, *, closing: bool = False, lost: bool = False) -> None:
        claim = purse.claim(closing=closing)
        lease = self.leases.get(name, (0, 0))
        self.account, self.leases[name] = lend(claim, self.account, lease)
        if not lost:
            purse.granted(Grant(self.leases[name][1], self.account[0]))

    def purse(self) -> Purse:
        return Purse(HERE, self.limit)


def reserve(purse: Purse, amount: int) -> bool:
    """As the till does: what the purse holds is set aside, and nothing else."""
    if amount > purse.free:
        return False
    purse.draw(amount)
    return True


def wanting(shop: Shop, name: str, purse: Purse, amount: int) -> bool:
    """Reserve, with a visit to the store where the purse does not hold so much."""
    if not reserve(purse, amount):
        purse.demand += amount
        shop.visit(name, purse)
        purse.demand -= amount
        return reserve(purse, amount)
    return True


def test_money_is_lent_reserved_spent_and_told():
    shop = Shop()
    purse = shop.purse()
    assert not reserve(purse, 1), "nothing is held before the store has lent it"
    assert wanting(shop, "a", purse, 100)
    assert (purse.free, purse.reserved) == (0, 100)
    assert shop.account == (0, 100)
    purse.settle(100, 60)
    assert purse.free == 40
    shop.visit("a", purse)
    assert shop.account[0] == 60
    assert purse.left == LIMIT - 60


def test_a_purse_in_use_keeps_a_stock_and_an_idle_one_gives_it_back():
    shop = Shop()
    purse = shop.purse()
    assert wanting(shop, "a", purse, 20)
    purse.settle(20, 20)
    assert purse.low()
    shop.visit("a", purse)
    assert purse.free == 80, "four times what was used, below an eighth of what is left"
    assert reserve(purse, 30)
    purse.settle(30, 30)
    shop.visit("a", purse)
    assert purse.news
    shop.visit("a", purse)
    assert (purse.free, shop.account) == (0, (50, 0))
    assert purse.empty


def test_a_busy_process_soon_visits_the_store_hardly_more_than_at_the_regular_times():
    shop = Shop(10**9)
    purse = shop.purse()
    visits = []
    for _ in range(12):  # a second each, with 1,000 requests, all under way one after the other
        extra = 0
        for _ in range(1000):
            assert wanting(shop, "a", purse, 100)
            purse.settle(100, 60)
            if purse.low():
                shop.visit("a", purse)
                extra += 1
        shop.visit("a", purse)
        visits.append(extra)
    assert visits[0] > 1, "it cannot know beforehand how much it will need"
    assert max(visits[1:]) <= 1
    shop.visit("a", purse)
    assert purse.free == 0, "a second without a request gives all of it back"


def test_who_uses_it_evenly_waits_for_no_store_that_is_held_for_three_seconds():
    shop = Shop(10**9)
    purse = shop.purse()

    def second() -> int:
        """A thousand requests; how many of them found what they needed in the purse."""
        found = 0
        for _ in range(1000):
            if reserve(purse, 100):
                purse.settle(100, 100)
                found += 1
        return found

    for _ in range(3):
        shop.visit("a", purse)
        for _ in range(1000):
            assert wanting(shop, "a", purse, 100)
            purse.settle(100, 100)
    claim = purse.claim()  # it is sent, and answered only when the store is free again
    assert [second() for _ in range(3)] == [1000, 1000, 1000]
    shop.account, shop.leases["a"] = lend(claim, shop.account, shop.leases["a"])
    purse.granted(Grant(shop.leases["a"][1], shop.account[0]))
    assert purse.low(), "so it asks again at once"
    shop.visit("a", purse)
    assert second() == 1000


def test_who_sets_aside_is_told_whether_it_runs_low():
    shop = Shop(10**6)
    purse = shop.purse()
    assert wanting(shop, "a", purse, 800)
    told = []
    shop.visit("a", purse)
    while purse.free >= 100:
        told.append(purse.draw(100))
        assert told[-1] == purse.low()
    assert {*told} == {False, True}


def test_the_stock_is_an_eighth_of_what_is_left_at_most():
    shop = Shop()
    purse = shop.purse()
    assert wanting(shop, "a", purse, 600)
    shop.visit("a", purse)
    assert purse.free == LIMIT // 8


def test_one_process_leaves_to_another_what_it_does_not_need():
    shop = Shop()
    one, two = shop.purse(), shop.purse()
    assert wanting(shop, "one", one, 700)
    assert not wanting(shop, "two", two, 400)
    assert wanting(shop, "two", two, 300)
    one.settle(700, 100)
    shop.visit("one", one, closing=True)
    assert wanting(shop, "two", two, 600)
    assert not wanting(shop, "two", two, 1)


def test_what_costs_more_than_was_reserved_is_owed():
    shop = Shop()
    purse = shop.purse()
    assert wanting(shop, "a", purse, 100)
    purse.settle(100, 1200)
    assert purse.free == -1100
    shop.visit("a", purse)
    assert shop.account == (1200, 0)
    assert purse.left == 0
    assert not wanting(shop, "a", purse, 1)


def test_an_answer_that_is_lost_changes_nothing():
    shop = Shop()
    purse = shop.purse()
    assert wanting(shop, "a", purse, 100)
    purse.settle(100, 80)
    shop.visit("a", purse, lost=True)
    assert purse.news, "as far as the purse knows, nobody has heard"
    shop.visit("a", purse)
    assert shop.account == (80, 0)


def test_what_is_given_back_is_not_free_any_more_while_the_store_is_told():
    shop = Shop()
    purse = shop.purse()
    assert wanting(shop, "a", purse, 100)
    purse.settle(100, 0)
    claim = purse.claim(closing=True)
    assert claim.hold == 0
    assert purse.free == 0


def test_a_smaller_limit_holds_from_the_next_claim():
    shop = Shop()
    purse = shop.purse()
    assert wanting(shop, "a", purse, 500)
    purse.settle(500, 500)
    purse.limit = 400
    shop.visit("a", purse)
    assert purse.left == 0
    assert not wanting(shop, "a", purse, 1)


def test_of_a_dead_process_counts_what_the_ledger_knows():
    assert reclaimed((100, 50), 50, bill=100) == (100, 0), "it had spent nothing untold"
    assert reclaimed((100, 50), 50, bill=130) == (130, 0)
    assert reclaimed((100, 50), 50, bill=900) == (150, 0), "never more than it held"
    assert reclaimed((100, 80), 50, bill=90) == (100, 30), "rows still on their way take nothing"


STEPS = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.sampled_from(["reserve", "settle", "visit", "lost", "close"]),
        st.integers(1, 400),
    ),
    max_size=120,
)


@settings(max_examples=300)
@given(STEPS)
def test_no_order_of_steps_sets_aside_or_spends_more_than_there_is(steps):
    shop = Shop()
    purses = {name: shop.purse() for name in "abcd"}
    open_: dict[str, list[int]] = {name: [] for name in "abcd"}
    for name, step, amount in steps:
        purse = purses[name]
        if step == "reserve" and wanting(shop, name, purse, amount):
            open_[name].append(amount)
        elif step == "settle" and open_[name]:
            reserved = open_[name].pop()
            purse.settle(reserved, min(amount, reserved))
        elif step in ("visit", "lost"):
            shop.visit(name, purse, lost=step == "lost")
        elif step == "close":
            shop.visit(name, purse, closing=True)
        assert sum(one.spent + one.reserved for one in purses.values()) <= LIMIT
        assert shop.account[0] + shop.account[1] <= LIMIT
        assert shop.account[1] == sum(held for _, held in shop.leases.values())
        assert all(one.free <= shop.leases.get(who, (0, 0))[1] for who, one in purses.items())
    for name, purse in purses.items():
        for reserved in open_[name]:
            purse.settle(reserved, reserved)
        shop.visit(name, purse, closing=True)
    assert shop.account == (sum(one.spent for one in purses.values()), 0)
