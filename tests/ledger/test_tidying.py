"""tidying: prompts go when they have been kept for long enough, and nothing else does."""

from collections.abc import Iterator

from headgate.ledger.memory import MemoryStore
from headgate.ledger.tidying import TIDY_SECONDS, Tidying
from tests.ledger.moods import Watch
from tests.ledger.samples import NOON_US, entry, prompt


class Steps(MemoryStore):
    """A store with prompts to delete for so many steps."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = steps
        self.asked = 0

    def prune_prompts(self, before_us: int) -> Iterator[int]:
        self.asked += 1
        while self.steps:
            self.steps -= 1
            yield 100


def filled() -> MemoryStore:
    store = MemoryStore()
    store.append([entry()])
    store.keep_prompts([prompt(), prompt(request_id="younger", at_us=NOON_US + 100_000_000)])
    return store


def clock() -> Watch:
    watch = Watch()
    watch.now = NOON_US / 1e6
    return watch


def test_prompts_that_have_been_kept_for_long_enough_are_deleted_and_rows_stay():
    store, watch = filled(), clock()
    tidying = Tidying(store, watch, 3600.0)
    tidying.turn()
    assert store.count_prompts() == 2
    watch.now += 3601.0
    for _ in range(2):  # the second finds nothing more
        tidying.turn()
    assert [one.request_id for one in store.prompts()] == ["younger"]
    watch.now += TIDY_SECONDS - 1
    tidying.turn()
    assert store.count_prompts() == 1, "it looks only now and then"
    watch.now += 2
    tidying.turn()
    assert store.count_prompts() == 0
    assert len(list(store.entries())) == 1


def test_without_a_length_they_are_kept_for_ever():
    store, watch = filled(), clock()
    watch.now += 1e9
    Tidying(store, watch, None).turn()
    assert store.count_prompts() == 2


def test_each_turn_deletes_a_few_until_none_is_left_and_then_it_waits():
    store, watch = Steps(2), clock()
    tidying = Tidying(store, watch, 3600.0)
    for steps in (1, 0, 0, 0, 0):
        tidying.turn()
        assert store.steps == steps
    assert store.asked == 3, "the third found none, and was the last for a while"
    watch.now += TIDY_SECONDS
    tidying.turn()
    assert store.asked == 4
