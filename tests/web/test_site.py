"""site: who comes in, what a browser may do with a page, and what is never told."""

import pytest

from headgate.errors import ConfigError
from headgate.web.session import COOKIE
from headgate.web.site import POLICY, Place, Site
from headgate.web.visit import Answer, Visit, query_of
from tests.web.callers import Got, ask

TOKEN = "the-admin-token-of-the-tests"
NOW = 1_800_000_000


def site(token: str | None = TOKEN) -> Site:
    seen: list[Visit] = []

    def page(visit: Visit) -> Answer:
        seen.append(visit)
        return Answer(b"in")

    def broken(visit: Visit) -> Answer:
        raise ZeroDivisionError("a secret: sk-12345")

    def wrong(visit: Visit) -> Answer:
        raise ConfigError("No <b>such</b> thing.", fix="Try another.")

    made = Site(
        lambda templates: {
            "/": Place(page, title="Home"),
            "/act": Place(page, methods=("GET", "POST")),
            "/below/": Place(page),
            "/broken": Place(broken),
            "/wrong": Place(wrong),
        },
        token=token,
        now=lambda: NOW,
        chance=lambda: "c" * 24,
    )
    made.seen = seen  # type: ignore[attr-defined]
    return made


def logged_in(house: Site) -> str:
    got = ask(house, "/login", "POST", form=f"token={TOKEN}")
    assert got.status == 303
    return got.cookie


def csrf_of(house: Site, cookie: str) -> str:
    ask(house, "/", cookie=cookie)
    return house.seen[-1].csrf  # type: ignore[attr-defined,no-any-return]


def test_every_answer_says_what_a_browser_may_do():
    house = site()
    for target in ("/", "/login", "/static/site.css", "/static/nothing", "/nothing", "/broken"):
        headers = ask(house, target).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
    assert "unsafe" not in POLICY


def test_pages_are_not_kept_and_files_are():
    house = site()
    assert ask(house, "/login").headers["cache-control"] == "no-store"
    assert "immutable" in ask(house, "/static/site.css").headers["cache-control"]


@pytest.mark.parametrize("target", ["/", "/act", "/below/x", "/broken", "/nothing"])
def test_without_a_login_there_is_only_the_login(target):
    house = site()
    got = ask(house, target)
    assert got.status == 303
    assert got.headers["location"] == "/login" + query_of({"to": target} if target != "/" else {})
    assert house.seen == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "BREW"])
def test_without_a_login_no_method_gets_in(method):
    house = site()
    assert ask(house, "/act", method).status in (303, 401)
    assert house.seen == []  # type: ignore[attr-defined]


def test_the_token_opens_a_session_and_the_session_the_pages():
    house = site()
    cookie = logged_in(house)
    assert cookie.startswith(f"{COOKIE}=")
    assert TOKEN not in cookie
    assert ask(house, "/", cookie=cookie).body == b"in"


def test_the_cookie_is_for_this_site_and_no_script():
    got = ask(site(), "/login", "POST", form=f"token={TOKEN}&to=/act?a=1")
    assert got.headers["location"] == "/act?a=1"
    for part in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age="):
        assert part in got.headers["set-cookie"]


def test_a_wrong_token_opens_nothing():
    got = ask(site(), "/login", "POST", form="token=wrong")
    assert got.status == 401
    assert "set-cookie" not in got.headers
    assert "That is not the admin token" in got.text


@pytest.mark.parametrize("to", ["https://evil.example", "//evil.example", "/\\evil.example", "x"])
def test_a_login_leads_to_no_other_site(to):
    form = f"token={TOKEN}&to={to}"
    assert ask(site(), "/login", "POST", form=form).headers["location"] == "/"


def test_a_program_sends_the_token_in_a_header():
    house = site()
    assert ask(house, "/", authorization=f"Bearer {TOKEN}").body == b"in"
    assert ask(house, "/act", "POST", x_api_key=TOKEN).body == b"in"
    assert ask(house, "/", authorization="Bearer wrong").status == 303


def test_a_form_needs_what_its_session_gave_it():
    house = site()
    cookie = logged_in(house)
    assert ask(house, "/act", "POST", cookie=cookie).status == 403
    assert ask(house, "/act", "POST", form="csrf=x", cookie=cookie).status == 403
    csrf = csrf_of(house, cookie)
    assert ask(house, "/act", "POST", form=f"csrf={csrf}", cookie=cookie).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
def test_a_form_of_another_site_is_refused_even_with_the_cookie(headers):
    house = site()
    cookie = logged_in(house)
    form = f"csrf={csrf_of(house, cookie)}"
    before = len(house.seen)  # type: ignore[attr-defined]
    assert ask(house, "/act", "POST", form=form, cookie=cookie, **headers).status == 403
    assert len(house.seen) == before  # type: ignore[attr-defined]


def test_logging_out_ends_the_cookie():
    house = site()
    cookie = logged_in(house)
    got = ask(house, "/logout", "POST", form=f"csrf={csrf_of(house, cookie)}", cookie=cookie)
    assert got.headers["location"] == "/login"
    assert "Max-Age=0" in got.headers["set-cookie"]


def test_a_script_without_a_session_is_told_so():
    assert ask(site(), "/", x_headgate_fragment="1").status == 401


def test_a_program_without_the_token_is_refused_rather_than_led_to_a_form():
    got = ask(site(), "/", accept="*/*")
    assert got.status == 401
    assert got.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8788", "", "[::2]:1"])
def test_without_a_login_only_a_local_name_is_answered(host):
    assert ask(site(None), "/", host=host).status == 421


@pytest.mark.parametrize("host", ["localhost:8788", "127.0.0.1", "127.0.0.1:1", "[::1]:8788"])
def test_a_local_name_is_enough_where_nobody_logs_in(host):
    assert ask(site(None), "/", host=host).body == b"in"


def test_a_defect_tells_nothing_of_itself(caplog):
    got: Got = ask(site(None), "/broken")
    assert got.status == 500
    assert "sk-12345" not in got.text
    assert "please report it" in caplog.text


def test_a_fault_is_shown_with_its_fix_and_escaped():
    got = ask(site(None), "/wrong")
    assert "No &lt;b&gt;such&lt;/b&gt; thing." in got.text
    assert "Try another." in got.text


def test_paths_are_found_by_name_and_by_what_they_lie_below():
    house = site(None)
    assert ask(house, "/below/a/b").body == b"in"
    assert ask(house, "/act/").body == b"in"
    assert ask(house, "/other").status == 404
    assert ask(house, "/static/../site.py").status == 404
    assert ask(house, "/", "DELETE").status == 405


def test_static_files_have_their_type_and_no_other_name_is_served():
    house = site(None)
    assert ask(house, "/static/plan.js").headers["content-type"].startswith("text/javascript")
    assert ask(house, "/static/charts.css").headers["content-type"].startswith("text/css")
    for name in ("../templates/base.html", "%2e%2e/site.py", "", "base.html"):
        assert ask(house, f"/static/{name}").status == 404
