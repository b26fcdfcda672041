"""tidying: prompts go when they have been kept for long enough, and nothing else does."""

from headgate.ledger.memory import MemoryStore
from headgate.ledger.tidying import TIDY_SECONDS, Tidying
from tests.ledger.moods import Watch
from tests.ledger.samples import NOON_US, entry, prompt


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
