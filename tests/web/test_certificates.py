"""certificates: quiet while one holds; which share has moved, and how far, once it is stale."""

import re

import msgspec
import pytest

from headgate.bootstrap.book import book_of
from headgate.bootstrap.observer import LedgerObserver
from headgate.ledger.memory import MemoryStore
from headgate.monitor.drift import HOUR_US, Drift, Shift
from headgate.routing.artifact import dump, fingerprint
from headgate.routing.reference import Reference
from headgate.settings import read_with_sources
from headgate.web.certificates import certificates, stale_sentence
from headgate.web.dashboard import Dashboard
from headgate.web.visit import Visit
from tests.ledger.samples import NOON_US, entry
from tests.routing.routers import CERTIFICATE, small_artifact
from tests.web.ledgers import templates

HELD = Drift(
    router="0f3a",
    rows=1000,
    requests=12_345,
    hours=170,
    evidence=0.031,
    stale_us=None,
    shifts=(),
    unwatched=("categories",),
)
MOVED = Shift(
    facet="scores",
    part="0.31 to 0.44",
    share_then=0.1,
    share_now=0.3,
    low=0.05,
    high=0.2,
)
STALE = msgspec.structs.replace(HELD, stale_us=NOON_US, shifts=(MOVED,) * 5, evidence=1.7)


def test_one_that_holds_says_so_with_its_evidence_and_what_is_not_watched():
    (found,) = certificates([HELD])
    assert (found.title, found.stale) == ("The certificate", False)
    assert found.facts == (
        "Not stale. Evidence for a drift: 3.1 % of what makes it stale.",
        (
            "12,345 requests of router 0f3a over 170 hours, against a sample of 1,000 rows; "
            "not watched: categories."
        ),
    )
    assert stale_sentence([HELD]) == ""


def test_a_stale_one_says_since_when_and_the_shares_that_say_so():
    (found,) = certificates([STALE])
    assert found.stale
    assert found.facts[0].startswith("Stale since 2026-11-23 12:00 UTC")
    assert "headgate certify" in found.facts[0]
    assert found.facts[1] == (
        "Beyond its bounds, scores of 0.31 to 0.44: 30.0 % of the last requests, 10.0 % in the "
        "sample (allowed: 5.0 % to 20.0 %)."
    )
    assert len(found.facts) == 5


def test_of_several_each_is_named():
    other = msgspec.structs.replace(STALE, router="beef")
    assert [one.title for one in certificates([HELD, other])] == [
        "The certificate of 0f3a",
        "The certificate of beef",
    ]
    assert "router beef is stale" in stale_sentence([HELD, other])
    assert "routers 0f3a, beef are stale" in stale_sentence([STALE, other])


def test_without_a_certificate_there_is_nothing():
    assert certificates([]) == []
    assert stale_sentence([]) == ""


def page(tmp_path, score) -> str:
    """The dashboard over 60 hours of a certified router's traffic with these scores."""
    reference = Reference.of([n / 1000 for n in range(1000)])
    certificate = msgspec.structs.replace(CERTIFICATE, reference=reference)
    artifact = dump(small_artifact(certificate))
    (tmp_path / "a.router").write_bytes(artifact)
    sets = ("classifier.kind=learned", f"classifier.router={tmp_path / 'a.router'}")
    settings = read_with_sources(None, env={}, sets=sets, need_providers=False).settings
    store = MemoryStore()
    store.append(
        [
            entry(
                request_id=f"r{n}",
                at_us=NOON_US - (60 - n // 40) * HOUR_US + n % 40,
                router=fingerprint(artifact),
                score=score(n),
            )
            for n in range(2400)
        ]
    )
    looker = LedgerObserver(store, settings, book_of(settings, env={}), now_us=lambda: NOON_US)
    board = Dashboard(looker, templates(), lambda: NOON_US)
    asked = Visit(method="GET", path="/", query={"since": "all"}, headers={}, csrf="c")
    board.show(asked)
    reader = looker._reader
    assert reader is not None
    reader.join(60)
    return board.show(asked).body.decode().replace("\u00a0", " ")


def test_traffic_like_the_sample_is_a_quiet_block_with_a_link_to_the_alerts(tmp_path):
    html = page(tmp_path, lambda n: n * 617 % 1000 / 1000)
    block = re.search(r"<section>\s*<h2>The certificate</h2>.*?</section>", html, re.DOTALL)
    assert block is not None
    assert "Not stale." in block[0]
    assert 'href="/alerts"' in block[0]
    assert "is stale" not in html


def test_traffic_that_has_left_the_sample_leads_the_page(tmp_path):
    html = page(tmp_path, lambda n: 0.95)
    assert re.search(r'class="lead bad" role="status">The certificate of router \w+ is stale', html)
    assert "Stale since" in html
    assert "Beyond its bounds, scores of" in html


@pytest.mark.parametrize("word", ["The certificate", "is stale"])
def test_a_house_without_a_learned_router_says_nothing_of_certificates(word):
    store = MemoryStore()
    store.append([entry()])
    settings = read_with_sources(None, env={}, need_providers=False).settings
    looker = LedgerObserver(store, settings, book_of(settings, env={}), now_us=lambda: NOON_US)
    board = Dashboard(looker, templates(), lambda: NOON_US)
    asked = Visit(method="GET", path="/", query={"since": "all"}, headers={}, csrf="c")
    assert word not in board.show(asked).body.decode()
