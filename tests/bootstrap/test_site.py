"""site: every page is where the navigation says, and opens."""

import re

import pytest

from headgate.bootstrap.site import site_of
from headgate.settings import read_with_sources
from headgate.web.site import Site
from tests.web.callers import ask


@pytest.fixture(scope="module")
def site() -> Site:
    return site_of(read_with_sources(None, env={}, need_providers=False), None, token=None)


def test_every_page_of_the_navigation_opens(site):
    places = [path for path, place in site.places.items() if place.title]
    assert "/plan" in places
    for path in places:
        got = ask(site, path)
        assert got.status == 200, path
        assert f'href="{path}" aria-current="page"' in got.text


def test_every_file_that_a_page_asks_for_is_there(site):
    for target in re.findall(r'(?:src|href)="(/static/[^"]+)"', ask(site, "/plan").text):
        assert ask(site, target).status == 200, target


def test_every_form_of_the_plan_is_there(site):
    for end in ("json", "csv", "md", "html", "toml"):
        assert ask(site, f"/plan.{end}").status == 200


def test_with_a_token_nothing_is_shown_before_the_login():
    house = site_of(read_with_sources(None, env={}, need_providers=False), None, token="x" * 20)
    assert ask(house, "/plan").status == 303
