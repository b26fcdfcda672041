"""admin: deny by default, the whole table of paths and roles, one answer to every fraud."""

from __future__ import annotations

import asyncio
import json

import pytest

from headgate.errors import RequestError
from headgate.gateway.admin import Admin
from headgate.gateway.caller import Caller
from headgate.gateway.http1_server import Http1Server
from tests.gateway.callers import Asked, injections

TOKEN = "hga_0123456789abcdef"

ROLES = {
    "nobody": {},
    "a caller of models": {"authorization": "Bearer gate-key"},
    "half the token": {"authorization": f"Bearer {TOKEN[:-1]}"},
    "the token and more": {"authorization": f"Bearer {TOKEN}0"},
    "the token in another case": {"authorization": f"Bearer {TOKEN.upper()}"},
    "the token as a password": {"authorization": f"Basic {TOKEN}"},
    "the token in a cookie": {"cookie": f"token={TOKEN}"},
    "operator": {"authorization": f"Bearer {TOKEN}"},
    "operator by x-api-key": {"x-api-key": TOKEN},
}
PATHS = {
    "/metrics": "token",
    "/api/keys": "token",
    "/api/keys/k1": "token",
    "/v1/decisions/req_1": "token",
    "/healthz": "open",
    "/login": "own",
    "/nothing": None,
    "/api": None,
    "//metrics": None,
    "/metrics/": None,
    "/Metrics": None,
    "": None,
}


async def served(caller: Caller) -> None:
    caller.respond(200, [], caller.path.encode())


def admin() -> Admin:
    made = Admin(TOKEN)
    made.mount("/metrics", served)
    made.mount("/api/", served)
    made.mount("/v1/decisions/", served)
    made.mount("/healthz", served, access="open")
    made.mount("/login", served, access="own")
    return made


def ask(made: Admin, path: str, method: str = "GET", query: str = "", **headers: str) -> Asked:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    asked = Asked(method, path, query=query, headers=headers)
    asyncio.run(made(asked))
    return asked


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("path", PATHS)
def test_the_table_of_paths_and_roles(path, role, method):
    asked = ask(admin(), path, method, **ROLES[role])
    if PATHS[path] in ("open", "own"):
        wanted = 200
    elif not role.startswith("operator"):
        wanted = 401
    else:
        wanted = 404 if PATHS[path] is None else 200
    assert asked.status == wanted


def test_a_token_in_the_query_is_no_token():
    assert ask(admin(), "/metrics", query=f"token={TOKEN}").status == 401


def test_five_hundred_injections_get_the_same_401():
    made = admin()
    plain = ask(made, "/metrics")
    assert plain.status == 401
    assert plain.answer_headers["www-authenticate"] == 'Bearer realm="headgate"'
    for text in injections(500):
        for headers in ({"authorization": text}, {"x-api-key": text}):
            asked = ask(made, "/metrics", **headers)
            assert (asked.status, asked.answer) == (401, plain.answer)
            assert asked.answer_headers == plain.answer_headers


def test_without_the_token_nobody_learns_what_there_is():
    made = admin()
    assert ask(made, "/metrics").answer == ask(made, "/nothing").answer
    told = ask(made, "/nothing", x_api_key=TOKEN)
    assert told.status == 404
    assert "/api/, /healthz, /login, /metrics, /v1/decisions/" in told.json["error"]["message"]


def test_the_longest_path_that_fits_answers():
    made = Admin(TOKEN)

    def named(name: str):
        async def handler(caller: Caller) -> None:
            caller.respond(200, [], name.encode())

        return handler

    made.mount("/", named("pages"), access="own")
    made.mount("/api/", named("api"))
    made.mount("/api/reload", named("reload"))
    for path, name in (
        ("/", b"pages"), ("/plan", b"pages"), ("/api", b"pages"), ("/api/", b"api"),
        ("/api/keys/1", b"api"), ("/api/reload", b"reload"), ("/api/reload/x", b"api"),
    ):  # fmt: skip
        assert ask(made, path, x_api_key=TOKEN).answer == name, path
    assert made.paths == {"/": "own", "/api/": "token", "/api/reload": "token"}
    assert ask(made, "/api/keys").status == 401, "what lies below the pages asks for the token"


def test_a_path_is_answered_by_one_handler_and_begins_with_a_slash():
    made = admin()
    for path in ("/metrics", "/api/", "metrics", ""):
        with pytest.raises(ValueError, match="cannot be mounted"):
            made.mount(path, served)


def test_an_empty_token_is_no_token():
    with pytest.raises(ValueError, match="needs a token"):
        Admin("")


def test_a_handlers_refusal_and_its_defect_are_answered_and_a_leaver_is_not(caplog):
    made = Admin(TOKEN)

    async def refusing(caller: Caller) -> None:
        raise RequestError("No.", status=409, code="invalid_value")

    async def failing(caller: Caller) -> None:
        raise KeyError("a secret")

    async def leaving(caller: Caller) -> None:
        raise ConnectionError

    made.mount("/refusing", refusing)
    made.mount("/failing", failing)
    made.mount("/leaving", leaving)
    refused = ask(made, "/refusing", x_api_key=TOKEN)
    assert (refused.status, refused.json["error"]["code"]) == (409, "invalid_value")
    assert refused.answer_headers["cache-control"] == "no-store"
    failed = ask(made, "/failing", x_api_key=TOKEN)
    assert failed.status == 500
    assert b"secret" not in failed.answer
    assert "a defect in headgate" in caplog.text
    with pytest.raises(ConnectionError):
        ask(made, "/leaving", x_api_key=TOKEN)


def test_over_a_real_socket_with_a_query():
    async def main() -> tuple[bytes, bytes]:
        made = Admin(TOKEN)

        async def echo(caller: Caller) -> None:
            caller.respond(200, [], f"{caller.path} {caller.query}".encode())

        made.mount("/metrics", echo)
        server = Http1Server(made)
        host, port = await server.listen("127.0.0.1", 0)
        answers = []
        for target in ("/metrics?name[]=a&b=%20c", f"http://{host}/metrics?x=1"):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(
                f"GET {target} HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {TOKEN}\r\n"
                "connection: close\r\n\r\n".encode()
            )
            answers.append((await reader.read()).rpartition(b"\r\n\r\n")[2])
            writer.close()
        await server.close()
        return answers[0], answers[1]

    assert asyncio.run(main()) == (b"/metrics name[]=a&b=%20c", b"/metrics x=1")


def test_the_body_of_an_error_is_json_with_a_code():
    error = json.loads(ask(admin(), "/metrics").answer)["error"]
    assert error["code"] == "invalid_admin_token"
    assert "headgate serve" in error["message"]
