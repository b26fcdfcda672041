"""Test 19: who comes in where: injected keys, every address by every role, what the time tells."""

from __future__ import annotations

import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote

from benchmarks.reliability.outcome import Outcome
from benchmarks.reliability.place import ENVIRONMENT, PATHS, Place, before, body_of
from benchmarks.reliability.upstream import STAGE, Upstream, answer
from headgate.access.key import Key, digest, id_in, mint
from headgate.access.token import carries
from headgate.bootstrap.clock import SystemClock
from headgate.errors import RequestError
from headgate.gateway.gate import Gate, Ring
from headgate.gateway.paths import PASSED

__all__ = ["STRINGS", "injections", "matrix", "strings", "timing"]

ADMIN = "admin-token-of-the-doors-0001"
PEPPER = "p" * 40
DOORS = (
    STAGE.replace('admin = ""', 'admin = "127.0.0.1:0"\nadmin_token_env = "DOORS_ADMIN"')
    + '[keys]\nrequired = true\npepper_env = "PEPPER"\n'
)
CHAT = PATHS["chat"]

_PAYLOADS = (
    "' OR '1'='1", "' OR 1=1--", "'; DROP TABLE keys;--", "' UNION SELECT digest FROM keys--",
    '" OR ""="', "admin'--", "') OR ('a'='a", "1; SELECT pg_sleep(5)", "x' AND randomblob(1e9)--",
    "%", "_", "*", "?", "hg_%_%", "hg_*", "${jndi:ldap://127.0.0.1/a}", "{{7*7}}", "${7*7}",
    "<%= 7*7 %>", "#{7*7}", '{"$ne": null}', '{"$gt": ""}', "[]", "{}", "null", "undefined", "NaN",
    "true", "0", "-1", "*)(uid=*))(|(uid=*", "../../../etc/passwd", "file:///etc/passwd", "`id`",
    "$(id)", "| id", "; id", "<script>alert(1)</script>", "%s%s%s%n", "%00", "\\0", "\\x00",
    "\\u0000", "é☕🦊", "\u202e", "\ufeff", "a" * 5000, "=" * 64,
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.", "Bearer", "Bearer Bearer", ",", "None",
    "anonymous", "sk-sim", "sk-other", "sk-", "hg_", "hg__", "hg_aaaaaaaaaa_", "OR true", "\t",
    "\x01", "\x7f", "$where: 1", "' HAVING 1=1--", "/**/", "0x27",
)  # fmt: skip
STRINGS = 500


def strings(secret: str) -> list[str]:
    """Five hundred texts that are not the secret: payloads alone, in it, before and behind it."""
    name = id_in(secret) or secret[:8]
    shapes: tuple[Callable[[str], str], ...] = (
        lambda text: text,
        lambda text: f"{secret}{text}",
        lambda text: f"{text}{secret}",
        lambda text: f"hg_{name}_{text}",
        lambda text: f"{secret[:20]}{text}{secret[20:]}",
        lambda text: quote(text) + quote(secret)[:-1],
        lambda text: f"{secret.upper()}{text}",
        lambda text: f"{secret[:-1]}{text[:1] or 'x'}~",
    )
    found = dict.fromkeys(shape(text) for text in _PAYLOADS for shape in shapes)
    return [text for text in found if text.strip() and text.strip() != secret][:STRINGS]


@contextmanager
def _doors() -> Iterator[tuple[Place, Upstream, str, str]]:
    """A gateway with an admin port that asks for keys; the address of that port, a good key."""
    os.environ.setdefault("PEPPER", PEPPER)
    os.environ["DOORS_ADMIN"] = ADMIN
    with (
        Upstream(answer) as near,
        before({"near": near.address, "far": near.address}, DOORS) as here,
    ):
        said = re.search(r"admin +(http://\S+)", here.gateway.log.read_text())
        assert said is not None, here.gateway.last_words()
        secret = _keys(here, "create", "good")
        time.sleep(2.5)  # until a new key is known
        yield here, near, said[1], secret


def _keys(here: Place, *arguments: str) -> str:
    """The secret of a key that a command has made or changed; nothing for one that says none."""
    command = [sys.executable, "-m", "headgate", "keys", *arguments, "--json", "--config"]
    env = {**os.environ, **ENVIRONMENT}
    ran = subprocess.run([*command, str(here.file)], check=True, capture_output=True, env=env)
    return str(json.loads(ran.stdout).get("secret", ""))


async def _ask(
    address: str, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
) -> tuple[int, bytes]:
    """Status and body; 0 where the connection was closed without an answer."""
    host, _, port = address.removeprefix("http://").rstrip("/").partition(":")
    sort = "multipart/form-data; boundary=b" if _is_form(path) else "application/json"
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", f"content-type: {sort}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += ["anthropic-version: 2023-06-01", f"content-length: {len(body)}", "connection: close"]
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        said = await reader.read()
    except OSError:
        return 0, b""
    finally:
        writer.close()
    head, _, rest = said.partition(b"\r\n\r\n")
    return (int(head.split(b" ", 2)[1]), rest) if head else (0, b"")


def injections(count: int) -> Outcome:
    """So many texts as a key of the gateway and as the token of the admin port, in each header."""
    statuses: Counter[int] = Counter()
    refusals: dict[str, set[bytes]] = {"gateway": set(), "admin": set()}
    with _doors() as (here, near, admin, secret):
        chat = json.dumps(body_of("chat", "auto", "request 1")).encode()

        async def all_of() -> None:
            for text in strings(secret)[:count]:
                for header, value in (("authorization", f"Bearer {text}"), ("x-api-key", text)):
                    found = await _ask(here.gateway.address, "POST", CHAT, {header: value}, chat)
                    _note("gateway", found)
            for text in strings(ADMIN)[:count]:
                for header, value in (("authorization", f"Bearer {text}"), ("x-api-key", text)):
                    _note("admin", await _ask(admin, "GET", "/metrics", {header: value}))

        def _note(door: str, found: tuple[int, bytes]) -> None:
            statuses[found[0]] += 1
            if found[0] == 401:
                refusals[door].add(found[1])

        asyncio.run(all_of())
        calls = len(near.calls)
        good = asyncio.run(_ask(here.gateway.address, "POST", CHAT, {"x-api-key": secret}, chat))
        entered = asyncio.run(_ask(admin, "GET", "/metrics", {"x-api-key": ADMIN}))
    let_in = calls + sum(
        times for status, times in statuses.items() if status not in (400, 401, 431)
    )
    same = [len(found) for found in refusals.values()] == [1, 1]
    return Outcome(
        f"{count} injected texts as keys and admin tokens, in two headers each",
        not let_in and same and good[0] == 200 == entered[0],
        f"{statuses[401]:,} told 401, all with the same words at each door: "
        f"{'yes' if same else 'NO'}; {statuses[400] + statuses[431]} no HTTP; {let_in} let in; "
        f"{calls} calls to a provider; then the good ones came in",
    )


_OPEN = ("/healthz", "/readyz")
_ASKED = (*PATHS.values(), "/v1/messages/count_tokens", "/v1/embeddings", "/v1/feedback")
_NOWHERE = (
    "/",
    "/v1",
    "/v1/keys",
    "/metrics",
    "/admin",
    "/.env",
    "/v1/decisions/req_1",
    "/api/reload",
)
_PAGES = (
    "/",
    "/dashboard.json",
    "/requests",
    "/requests.csv",
    "/routers",
    "/keys",
    "/prices",
    "/prices.json",
    "/alerts",
    "/alerts.csv",
    "/alerts.json",
    "/plan",
)
_TOLD = ("/metrics", "/api/reload", "/v1/decisions/req_1")


def matrix() -> Outcome:
    """Every address of both ports, asked by every role: only who may comes in, and nobody else."""
    wrong: list[str] = []
    asked = 0
    with _doors() as (here, near, admin, good):
        revoked = _keys(here, "create", "old")
        _keys(here, "revoke", id_in(revoked) or "")
        expired = mint(bytes(38)).secret
        time.sleep(2.5)
        roles = {
            "nobody": "", "stranger": "sk-of-a-stranger", "unknown key": expired,
            "damaged key": f"{good[:-2]}xx", "revoked key": revoked, "key": good, "admin": ADMIN,
        }  # fmt: skip

        async def all_of() -> None:
            nonlocal asked
            for role, secret in roles.items():
                headers = {"authorization": f"Bearer {secret}"} if secret else {}
                for address, method, path, allowed in _expected(here, admin, role):
                    body = _body(path) if method == "POST" else b""
                    before_it = len(near.calls)
                    status, _ = await _ask(address, method, path, headers, body)
                    called = len(near.calls) > before_it and role != "key"
                    asked += 1
                    if status not in allowed or called:
                        port = "admin port" if address == admin else "gateway"
                        wrong.append(f"{role} {method} {path} of the {port}: {status}")

        asyncio.run(all_of())
    return Outcome(
        f"{asked} addresses by roles",
        not wrong,
        f"{len(wrong)} answered as they should not be{': ' if wrong else ''}{'; '.join(wrong[:5])}",
    )


def _expected(here: Place, admin: str, role: str) -> Iterator[tuple[str, str, str, set[int]]]:
    """Address of the port, method, path, and the statuses that this role may be answered with."""
    gateway, inside = here.gateway.address, role == "key"
    for path in _OPEN:
        yield gateway, "GET", path, {200}
        yield admin, "GET", path, {200}
    for path in PASSED:
        yield gateway, "POST", path, {200} if inside else {401}
    for path in _ASKED:
        # whoever has come in may still be told that a thing is not to be had here
        yield gateway, "POST", path, {200, 400, 404, 501} if inside else {401}
    yield gateway, "GET", "/v1/models", {200} if inside else {401}
    for path in _NOWHERE:
        yield gateway, "GET", path, {401, 404}
    for path in _TOLD:
        yield admin, "GET", path, {200, 404} if role == "admin" else {401}
    yield admin, "POST", "/api/reload", {200} if role == "admin" else {401}
    for path in _PAGES:
        yield admin, "GET", path, {200} if role == "admin" else {303, 401}
    for path in ("/nowhere", "/.env", "/v1/keys", CHAT):
        yield admin, "GET", path, {404} if role == "admin" else {303, 401}


_FORM = b'--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nnear/media\r\n--b--\r\n'


def _is_form(path: str) -> bool:
    return path in PASSED and PASSED[path].form


def _body(path: str) -> bytes:
    if path == "/v1/feedback":
        return b'{"request_id":"req_1","rating":"up"}'
    if path == "/v1/embeddings":
        return b'{"model":"near/text-embedding-3-small","input":"a"}'
    if _is_form(path):
        return _FORM
    if path in PASSED:
        return b'{"model":"near/media","input":"a","prompt":"a"}'
    api = next((name for name, known in PATHS.items() if path.startswith(known)), "chat")
    return json.dumps(body_of(api, "auto", "request 1")).encode()


NOTICED = 0.05
"""How much longer one of two ways may take; a byte that is looked at takes a nanosecond."""


def timing(rounds: int) -> Outcome:
    """What a wrong secret takes, right but for the last letter or from the first on, in turn."""
    good = mint(bytes(range(38)))
    gate = Gate(SystemClock(), pepper=PEPPER.encode(), required=True)
    kept = digest(PEPPER.encode(), good.secret)
    gate.ring = Ring(1, {good.id: Key(id=good.id, name="k", digest=kept, created_us=0)}, {})

    def enters(secret: str) -> Callable[[], object]:
        headers = {"x-api-key": secret}

        def tried() -> None:
            try:
                gate.enter(headers)
            except RequestError:
                return
            raise AssertionError("a wrong key came in")

        return tried

    def fits(secret: str) -> Callable[[], object]:
        headers = {"x-api-key": secret}
        return lambda: carries(headers, ADMIN.encode())

    stranger = mint(bytes(range(1, 39))).secret
    first, last = f"{good.secret[:14]}_{good.secret[15:]}", f"{good.secret[:-1]}_"
    pairs = {
        "the last letter of a key": (enters(first), enters(last)),
        "whether there is such a key": (enters(last), enters(stranger)),
        "the last letter of the token": (fits(f"~{ADMIN[1:]}"), fits(f"{ADMIN[:-1]}~")),
    }
    ratios = {name: _ratio(*pair, rounds) for name, pair in pairs.items()}
    return Outcome(
        f"what the time tells, {rounds:,} tries each",
        True,
        "; ".join(f"{name} {ratio:.3f} ×" for name, ratio in ratios.items()),
        all(abs(ratio - 1) <= NOTICED for ratio in ratios.values()),
    )


def _ratio(one: Callable[[], object], other: Callable[[], object], rounds: int) -> float:
    """The median time of one by that of the other, measured in turn."""
    spent: tuple[list[int], list[int]] = ([], [])
    for number in range(rounds):
        for place in (0, 1) if number % 2 else (1, 0):
            began = time.perf_counter_ns()
            (one, other)[place]()
            spent[place].append(time.perf_counter_ns() - began)
    return statistics.median(spent[0]) / statistics.median(spent[1])
