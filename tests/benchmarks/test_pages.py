"""pages: a figure says whether its bar is kept, and a site's pages are timed one by one."""

from benchmarks.pages.__main__ import PATHS, Row, ninth, server_times

from headgate.bootstrap.site import pages_of
from headgate.ledger.memory import MemoryStore
from headgate.settings import read_with_sources
from tests.ledger.samples import NOON_US, entry


def test_a_figure_says_whether_its_bar_is_kept():
    assert str(Row("a", 29.0, "ms", 30.0)).endswith("yes")
    assert str(Row("a", 30.1, "ms", 30.0)).endswith("NO")
    assert str(Row("a", 30.1, "ms")).split() == ["a", "30.1", "ms"]


def test_the_ninth_of_ten_parts_is_the_90th_percentile():
    assert ninth([float(n) for n in range(1, 100)]) == 90.0


def test_every_page_and_the_calculators_answers_are_timed():
    store = MemoryStore()
    store.append([entry(request_id="one", at_us=NOON_US)])
    reading = read_with_sources(None, env={}, need_providers=False)
    rows = list(server_times(pages_of(reading, store, token=None).site, 1))
    for path in PATHS:
        assert any(row.what.startswith(f"server, {path}, ") for row in rows)
    assert all(row.value > 0 for row in rows)
