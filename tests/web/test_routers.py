"""routers: what is in each file, what it promises, and two side by side."""

from typing import Any

import msgspec
import pytest

from headgate.bootstrap.site import SettingsRouters
from headgate.routing.artifact import dump, fingerprint
from headgate.settings import read_with_sources
from headgate.web.routers import Routers, RouterSeen
from headgate.web.visit import Visit
from tests.routing.routers import CERTIFICATE, pointed, small_artifact
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


def show(*seen: RouterSeen, script: bool = False, **query: str) -> str:
    page = Routers(Shelf(*seen), templates(), 30_000)
    headers = {"x-headgate-fragment": "1"} if script else {}
    asked = Visit(method="GET", path="/routers", query=query, headers=headers)
    return page.show(asked).body.decode().replace("\u00a0", " ")


def with_points(place: str = "classifier", **more) -> RouterSeen:
    return router(place, **({"artifact": small_artifact(pointed())} | more))


def test_a_router_stands_where_it_is_certified():
    html = show(with_points())
    assert 'value="0.25" data-held="0.25"' in html
    assert "Certified: 98.0 % of the premium quality is kept" in html
    assert "$9.00" in html
    assert "Quality by cost" in html
    assert "What the router says, and what came" in html


def test_a_threshold_of_the_settings_is_where_it_stands():
    html = show(with_points(threshold=0.5))
    assert 'data-held="0.5"' in html
    assert "Beyond the certificate" in html


def test_the_url_moves_one_router_and_leaves_the_others():
    html = show(with_points(), with_points("policy x"), t1="0.5", a="0", b="1")
    assert html.count("Beyond the certificate") == 1
    assert html.count("Certified: ") == 1
    assert '<input type="hidden" name="t1" value="0.5">' in html  # of the other's form
    assert "$5.40" in html


def test_a_threshold_between_the_points_is_answered_by_the_nearest():
    html = show(with_points(), t0="0.3")
    assert "0.3000 is none of the certificate's points".replace("'", "&#39;") in html
    assert 'value="0.3" data-held="0.25"' in html


@pytest.mark.parametrize("text", ["abc", "-1", "nan", "<b>"])
def test_what_is_no_threshold_is_said_and_the_own_one_is_shown(text: str):
    html = show(with_points(), t0=text)
    assert "A threshold is a number" in html
    assert 'aria-invalid="true"' in html
    assert "Certified: " in html
    assert "<b>" not in html


def test_a_script_gets_the_part_it_asks_for():
    html = show(with_points(), with_points("y"), script=True, t1="0.5", part="t1")
    assert "<html" not in html
    assert "Beyond the certificate" in html
    assert "t1-curve" in html
    assert "<html" in show(with_points(), script=True, part="t7")


def test_a_certificate_without_points_says_how_to_get_them():
    html = show(router())
    assert "<code>headgate certify</code> again" in html
    assert 'class="operating"' not in html


def test_two_with_points_have_both_curves():
    html = show(with_points(), with_points("policy x"), a="0", b="1")
    assert "Both curves" in html
    assert "Both curves" not in show(with_points(), router("y"), a="0", b="1")


def test_where_no_threshold_passed_it_stands_at_all_to_premium():
    html = show(with_points(artifact=small_artifact(pointed(threshold=None))))
    assert 'data-held="0"' in html
    assert "Beyond the certificate" in html


def test_the_promise_of_a_bill_is_money():
    billed = msgspec.structs.replace(CERTIFICATE, goal="bill", target=400_000.0)
    html = show(router(artifact=small_artifact(billed)))
    assert "Promise: 1,000 requests cost at most $0.4000 on average" in html


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
