"""recovery: what a scan has found is stored; what never can be is told from what failed."""

from collections.abc import Sequence

import pytest

from headgate.ledger.frames import Scan
from headgate.ledger.journal import Journal
from headgate.ledger.memory import MemoryStore
from headgate.ledger.prompt import Prompt
from headgate.ledger.recovery import recover, store_prompts, store_scan
from headgate.ledger.store import RowRejectedError, StoreError
from headgate.ledger.url import open_store
from tests.ledger.samples import answers, prompt, questions


class Picky(MemoryStore):
    """A store that can never hold some prompts, and fails when it is told to."""

    def __init__(self, *refuses: str) -> None:
        super().__init__()
        self.refuses = set(refuses)
        self.away = False

    def keep_prompts(self, prompts: Sequence[Prompt]) -> int:
        if self.away:
            raise StoreError("The store is away.")
        if any(one.request_id in self.refuses for one in prompts):
            raise RowRejectedError("It cannot be held.")
        return super().keep_prompts(prompts)


def test_a_prompt_that_never_fits_is_dropped_and_the_others_are_kept():
    store = Picky("r1", "r3")
    assert store_prompts(store, questions(5)) == 2
    assert [one.request_id for one in store.prompts()] == ["r0", "r2", "r4"]
    assert store_prompts(store, []) == 0


def test_what_a_scan_has_found_is_stored_and_nothing_of_a_dropped_prompt_is_set_aside():
    store = Picky("r1")
    stored = store_scan(store, Scan(answers(2), [b"torn"], 9, questions(2)))
    assert stored == (2, [b"torn"], 0, 1)
    assert len(list(store.entries())) == 2


def test_a_segment_whose_prompts_the_store_does_not_take_stays_until_it_does(tmp_path):
    dead = Journal(tmp_path / "j")
    dead.append(answers(1)[0])
    dead.append_prompt(prompt())
    dead.close()
    store = Picky()
    store.away = True
    with pytest.raises(StoreError):
        recover("", store, journal=tmp_path / "j")
    store.away = False
    assert recover("", store, journal=tmp_path / "j") == (0, 0)  # the row was taken before
    assert store.prompt("r0") == prompt()
    assert list((tmp_path / "j").iterdir()) == []


def test_prompts_of_a_dead_gateway_are_in_the_database_after_recovery(tmp_path):
    url = f"sqlite:///{tmp_path}/l.db"
    dead = Journal(tmp_path / "l.db.journal")
    for one in questions(3):
        dead.append_prompt(one)
    dead.close()
    store = open_store(url)
    assert recover(url, store) == (0, 0)
    assert list(store.prompts()) == questions(3)
    store.close()
