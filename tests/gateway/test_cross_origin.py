"""cross_origin: which web pages may call the gateway, and which may read what it answers."""

from __future__ import annotations

import pytest

from headgate.errors import RequestError
from headgate.gateway.cross_origin import Shared, allow, foreign, is_preflight, shared
from tests.gateway.callers import Asked

OURS = "https://app.example"


def asked(method: str = "POST", origin: str = OURS, **headers: str) -> Asked:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Asked(method, "/v1/messages", headers={"origin": origin, **named})


def preflight(origin: str = OURS, **headers: str) -> Asked:
    return asked("OPTIONS", origin, access_control_request_method="POST", **headers)


def told(caller: Asked) -> dict[str, str]:
    return {
        name.removeprefix("access-control-"): value for name, value in caller.answer_headers.items()
    }


def test_a_page_that_is_welcome_may_read_answers_and_their_headers():
    caller = asked()
    shared(caller, (OURS,)).respond(200, [("x-headgate-tier", "cheap")], b"{}")
    assert told(caller) == {
        "x-headgate-tier": "cheap",
        "allow-origin": OURS,
        "expose-headers": "*",
        "vary": "origin, access-control-request-headers",
    }
    assert caller.answer == b"{}"


def test_a_page_that_is_welcome_may_read_streams():
    caller = asked()
    shared(caller, (OURS,)).stream(200, [("content-type", "text/event-stream")]).write(b"data")
    assert told(caller)["allow-origin"] == OURS
    assert caller.answer == b"data"


def test_any_page_may_read_where_all_are_welcome():
    caller = asked(origin="null")
    shared(caller, ("*",)).respond(200, [], b"")
    assert told(caller)["allow-origin"] == "*"


@pytest.mark.parametrize(
    "origin",
    ["https://other.example", "http://app.example", f"{OURS}:8443", "null", f"{OURS}\r\nx: y"],
)
def test_another_page_may_not(origin):
    caller = asked(origin=origin)
    assert shared(caller, (OURS,)) is caller


def test_a_browser_that_asks_first_is_told_what_the_page_may_send():
    caller = preflight(
        access_control_request_headers="authorization,content-type,x-stainless-lang",
        access_control_request_private_network="true",
    )
    answered = shared(caller, (OURS,))
    assert is_preflight(answered)
    allow(answered)
    assert caller.status == 200
    assert caller.answer == b""
    found = told(caller)
    assert found["allow-headers"] == "authorization,content-type,x-stainless-lang"
    assert "POST" in found["allow-methods"]
    assert found["allow-private-network"] == "true"
    assert found["allow-origin"] == OURS
    assert int(found["max-age"]) > 0


def test_headers_that_nobody_could_send_are_not_repeated():
    caller = preflight(access_control_request_headers="x\r\nset-cookie: y")
    allow(shared(caller, (OURS,)))
    assert "allow-headers" not in told(caller)


def test_only_a_welcome_page_asks_first():
    assert not is_preflight(shared(preflight("https://other.example"), (OURS,)))
    assert not is_preflight(shared(asked("OPTIONS"), (OURS,)))
    assert not is_preflight(shared(asked(), (OURS,)))


def test_the_wrapped_caller_is_the_same_request():
    caller = asked()
    caller.query = "beta=true"
    wrapped = shared(caller, (OURS,))
    assert type(wrapped) is Shared
    assert (wrapped.method, wrapped.path, wrapped.query) == ("POST", "/v1/messages", "beta=true")
    assert wrapped.headers is caller.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "HTTP://127.0.0.1:8787", "null"])
def test_where_no_key_is_asked_for_a_foreign_page_spends_nothing(origin):
    with pytest.raises(RequestError, match="cors_origins") as caught:
        foreign(origin, (OURS,))
    assert (caught.value.status, caught.value.code) == (403, "origin_not_allowed")


@pytest.mark.parametrize(
    ("origin", "origins"),
    [
        (OURS, (OURS,)),
        ("https://evil.example", ("*",)),
        ("vscode-webview://1a2b", ()),  # a program that somebody has installed, and no web page
        ("tauri://localhost", ()),
    ],
)
def test_pages_that_are_welcome_and_programs_come_in(origin, origins):
    foreign(origin, origins)
