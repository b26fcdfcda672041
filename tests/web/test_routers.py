"""routers: what is in each file, what it promises, and two side by side."""

from typing import Any

import msgspec
import pytest

from headgate.bootstrap.site import SettingsRouters
from headgate.routing.artifact import dump, fingerprint
from headgate.settings import read_with_sources
from headgate.web.routers import Routers, RouterSeen
from headgate.web.visit import Visit
from tests.routing.routers import CERTIFICATE, small_artifact
from tests.web.ledgers import templates


class Shelf:
    def __init__(self, *seen: RouterSeen) -> None:
        self.seen = seen

    def routers(self):
        return self.seen


def router(place: str = "classifier", **more) -> RouterSeen:
    given: dict[str, Any] = {
        "path": f"{place}.router",
        "version": "abc",
        "artifact": small_artifact(),
    }
    return RouterSeen(**({"place": place} | given | more))


def show(*seen: RouterSeen, **query: str) -> str:
    page = Routers(Shelf(*seen), templates())
    return page.show(Visit(method="GET", path="/routers", query=query)).body.decode()


def test_the_certificate_is_in_words():
    html = show(router()).replace("&nbsp;", " ")
    assert "Promise: 98.0 % of the premium quality is kept" in html
    assert "Threshold 0.2500: 25.0 % escalate." in html
    assert "Assumed: Nothing changes." in html
    assert "Mean score" in html


def test_a_certificate_that_no_threshold_keeps_says_so():
    refused = msgspec.structs.replace(CERTIFICATE, threshold=None, advice="Grade 400 more.")
    html = show(router(artifact=small_artifact(refused)))
    assert "No threshold keeps it." in html
    assert "Grade 400 more." in html


def test_a_router_without_a_certificate_says_what_to_do():
    assert "headgate certify" in show(router(artifact=small_artifact(None)))


def test_a_threshold_of_the_settings_is_pointed_out():
    assert "state the threshold 0.4" in show(router(threshold=0.4))


def test_two_stand_side_by_side():
    other = router("policy x", version="def", artifact=small_artifact(None))
    html = show(router(), other, a="0", b="1")
    assert "Side by side" in html
    assert "no certificate" in html
    assert "policy x: def" in html


@pytest.mark.parametrize("query", [{}, {"a": "0", "b": "0"}, {"a": "x", "b": "9"}, {"b": "²"}])
def test_without_two_nothing_is_compared(query):
    assert "Side by side" not in show(router(), router("y"), **query)


def test_no_router_says_how_to_get_one():
    assert "headgate train" in show()


def test_the_shelf_reads_what_the_settings_name(tmp_path):
    data = dump(small_artifact())
    (tmp_path / "a.router").write_bytes(data)
    (tmp_path / "headgate.toml").write_text(
        '[classifier]\nkind = "learned"\nrouter = "a.router"\nthreshold = 0.3\n'
        '[tiers.cheap]\nmodel = "openai/gpt-5-nano"\n[tiers.premium]\nmodel = "openai/gpt-5"\n'
        "[providers.openai]\n",
        encoding="utf-8",
    )
    (seen,) = SettingsRouters(read_with_sources(tmp_path / "headgate.toml", env={})).routers()
    assert seen.version == fingerprint(data)
    assert seen.threshold == 0.3
    assert seen.artifact is not None
    (tmp_path / "a.router").write_bytes(data[:-1])
    (seen,) = SettingsRouters(read_with_sources(tmp_path / "headgate.toml", env={})).routers()
    assert seen.artifact is None
    assert "damaged" in seen.problem
    (tmp_path / "a.router").unlink()
    (seen,) = SettingsRouters(read_with_sources(tmp_path / "headgate.toml", env={})).routers()
    assert "cannot be read" in show(seen)
