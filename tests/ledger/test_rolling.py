"""rolling: hours that are over are summed up one a turn, and looked for once a minute."""

from headgate.ledger.memory import MemoryStore
from headgate.ledger.rolling import ROLL_SECONDS, Rolling
from tests.ledger.moods import Watch


class Sums(MemoryStore):
    """A store with so many hours to sum up."""

    def __init__(self, hours: int) -> None:
        super().__init__()
        self.hours = hours
        self.asked: list[tuple[int, int]] = []

    def roll(self, now_us: int, *, most: int = 1_000_000) -> int:
        self.asked.append((now_us, most))
        made = min(self.hours, most)
        self.hours -= made
        return made


def test_each_turn_sums_up_one_hour_until_there_is_none_and_then_waits_a_minute():
    clock, store = Watch(), Sums(hours=2)
    rolling = Rolling(store, clock)
    for _ in range(5):
        rolling.turn()
    assert store.asked == [(1_000_000_000, 1)] * 3
    clock.now += ROLL_SECONDS
    store.hours = 1
    for _ in range(5):
        rolling.turn()
    assert len(store.asked) == 5
