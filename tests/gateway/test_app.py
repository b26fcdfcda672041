"""app: paths, admission, and every kind of bad input answered in OpenAI's error shape."""

from __future__ import annotations

import asyncio
import gzip
import json
from time import monotonic

import openai
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headgate.gateway.caller import Caller
from headgate.gateway.followed import Followed
from headgate.monitor.journey import Journey
from tests.gateway.house import CONFIG, RULES, House, house, until

KEYED = RULES + '[server]\napi_key_env = "GATE_KEY"\nmax_body_bytes = 5000\n'


def run(case, config: str = RULES, **more):
    async def main():
        async with house(config, **more) as made:
            return await case(made)

    return asyncio.run(main())


def chat(**fields) -> bytes:
    body = {"model": "auto", "messages": [{"role": "user", "content": "hi"}]} | fields
    return json.dumps({name: value for name, value in body.items() if value is not ...}).encode()


BAD = [
    (b"", "invalid_json", None),
    (b"{", "invalid_json", None),
    (b"[]", None, None),
    (b"null", None, None),
    (b'"text"', None, None),
    (b"\xff\xfe{}", "invalid_encoding", None),
    (
        b'{"model": "auto", "messages": [{"role": "user", "content": "\xff"}]}',
        "invalid_encoding",
        None,
    ),
    (b'{"model": NaN}', "invalid_json", None),
    (b"[" * 100_000, None, None),
    (chat(model=...), None, "model"),
    (chat(model=7), None, "model"),
    (chat(model=""), None, "model"),
    (chat(messages=...), None, "messages"),
    (chat(messages=[]), None, "messages"),
    (chat(messages="hi"), None, "messages"),
    (chat(messages=["hi"]), None, "messages"),
    (chat(messages=[{"content": "hi"}]), None, "messages"),
    (chat(messages=[{"role": "user", "content": 7}]), None, "messages"),
    (chat(stream="yes"), None, "stream"),
]


@pytest.mark.parametrize(("body", "code", "param"), BAD)
def test_a_bad_body_gets_400_with_what_is_wrong_and_nothing_is_called(body, code, param):
    async def case(home: House):
        status, headers, answer = await home.post(body)
        assert status == 400
        assert headers["content-type"] == "application/json"
        error = json.loads(answer)["error"]
        assert error["type"] == "invalid_request_error"
        assert len(error["message"]) > 20
        assert set(error) == {"message", "type", "param", "code"}
        if code:
            assert error["code"] == code
        if param:
            assert error["param"].startswith(param)
        assert home.entries == []
        assert "Traceback" not in answer.decode()

    run(case)


def test_an_unknown_model_gets_404_with_near_names():
    async def case(home: House):
        with pytest.raises(openai.NotFoundError, match="Did you mean `premium`") as caught:
            await home.ask("hi", model="premiun")
        assert caught.value.code == "model_not_found"
        assert caught.value.param == "model"

    run(case)


def test_an_unknown_path_gets_404_and_a_wrong_method_405_with_what_there_is():
    async def case(home: House):
        status, _, body = await home.post(b"{}", "/v1/sk-12345")
        assert status == 404
        assert b"sk-12345" not in body
        assert b"/v1/chat/completions" in body
        status, _, body = await home.raw(
            b"GET /v1/chat/completions HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
        )
        assert status == 405
        assert b"POST" in body
        status, headers, _ = await home.raw(
            b"DELETE /v1/models HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
        )
        assert (status, headers["allow"]) == (405, "GET, HEAD")

    run(case)


def test_models_lists_what_can_be_asked_for():
    async def case(home: House):
        listed = [model.id async for model in home.client.models.list()]
        assert listed == [
            "auto",
            "cheap",
            "premium",
            "anthropic/claude-haiku-4-5",
            "anthropic/claude-sonnet-4-6",
        ]

    run(case)


def test_a_key_is_asked_for_where_one_is_set_and_never_shown():
    async def case(home: House):
        answer, _ = await home.ask("hi")
        assert answer.choices[0].message.content == "hi"
        for given_key in ("wrong", "gate-ke", "gate-key2", "", "gäte", "'; drop table entries; --"):
            header = f"authorization: Bearer {given_key}"
            status, _, body = await home.post(chat(), "/v1/chat/completions", header)
            assert status == 401
            assert json.loads(body)["error"]["code"] == "invalid_api_key"
            assert b"gate-key" not in body
        assert (await home.post(chat()))[0] == 401
        basic = await home.post(chat(), "/v1/chat/completions", "authorization: Basic gate-key")
        assert basic[0] == 401
        listing = b"GET /v1/models HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
        assert (await home.raw(listing))[0] == 401
        assert len(home.entries) == 1

    run(case, KEYED)


def test_a_body_over_the_limit_gets_413_before_it_is_read():
    async def case(home: House):
        head = (
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\nauthorization: Bearer gate-key\r\n"
        )
        status, _, body = await home.raw(head + b"content-length: 5001\r\n\r\n")
        assert status == 413
        assert json.loads(body)["error"]["code"] == "request_too_large"

    run(case, KEYED)


def test_more_requests_than_it_takes_are_refused_at_once_with_retry_after():
    async def case(home: House):
        busy = [asyncio.create_task(home.ask("[[stall]] words")) for _ in range(2)]
        await until(lambda: len(home.seen) == 2)
        status, headers, body = await home.post(chat())
        assert (status, headers["retry-after"]) == (503, "1")
        assert json.loads(body)["error"]["code"] == "overloaded"
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)
        await home.client.close()
        await until(lambda: len(home.entries) == 2)  # both have left
        assert (await home.post(chat()))[0] == 200

    run(case, sets=("server.max_requests=2",))


def test_a_refused_request_is_counted_by_its_code_and_a_served_one_is_not():
    async def case(home: House):
        refused: list[tuple[str, str | None]] = []
        home.app.refused = lambda *what: refused.append(what)
        assert (await home.post(chat()))[0] == 401
        assert refused == [("invalid_api_key", None)]
        good = "authorization: Bearer gate-key"
        assert (await home.post(chat(), "/v1/chat/completions", good))[0] == 200
        assert len(refused) == 1

    run(case, KEYED)


FOLLOWED = [
    (b"{", "POST", "/v1/chat/completions", "refused", "invalid_json"),
    (chat(), "POST", "/v1/chat/completions/", "served", None),
    (chat(), "POST", "/v1/embeddings", "refused", "missing_required_parameter"),
    (b'{"model":"google/media","input":"a"}', "POST", "/v1/moderations", "served", None),
]


@pytest.mark.parametrize(("body", "method", "path", "ending", "error"), FOLLOWED)
def test_a_request_is_followed_from_its_arrival_to_its_end(body, method, path, ending, error):
    async def case(home: House):
        done = follow(home)
        await home.post(body, path)
        (journey,) = done
        assert (journey.method, journey.route) == (method, path.rstrip("/"))
        assert (journey.ending, journey.error) == (ending, error)

    run(case)


def test_a_defect_is_followed_as_one(monkeypatch: pytest.MonkeyPatch):
    async def case(home: House):
        done = follow(home)
        monkeypatch.setattr(home.app, "_new_id", lambda: 1 / 0)
        assert (await home.post(chat()))[0] == 500
        assert (done[0].ending, done[0].error, done[0].status) == ("failed", "internal", 500)

    run(case)


def test_a_model_is_retrieved_by_its_name_whatever_stands_in_it():
    async def case(home: House):
        for model in (await home.client.models.list()).data:
            assert await home.client.models.retrieve(model.id) == model
        with pytest.raises(openai.NotFoundError, match="Did you mean `cheap`") as caught:
            await home.client.models.retrieve("cheep")
        assert caught.value.code == "model_not_found"
        assert (await home.post(b"", "/v1/models/auto"))[0] == 405
        assert home.entries == []

    run(case)


def test_errors_beside_the_api_are_told_in_the_dialect_of_the_callers_sdk():
    async def case(home: House):
        for path in ("/v1/models/gpt-9", "/nowhere"):
            head = f"GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n"
            version = "anthropic-version: 2023-06-01\r\n"
            status, _, body = await home.raw(f"{head}{version}\r\n".encode())
            told = json.loads(body)
            assert (status, told["type"]) == (404, "error")
            assert told["error"]["type"] == "not_found_error"
            status, _, body = await home.raw(f"{head}\r\n".encode())
            assert (status, json.loads(body)["error"]["type"]) == (404, "invalid_request_error")

    run(case)


def test_what_is_no_request_of_the_api_is_not_followed():
    async def case(home: House):
        done = follow(home)
        await home.post(chat(), "/nowhere")
        for path in ("/healthz", "/v1/models", "/v1/chat/completions"):
            await home.raw(f"GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n".encode())
        assert done == []

    run(case)


def follow(home: House) -> list[Journey]:
    """The requests that are over, from now on."""
    done: list[Journey] = []

    def begin(caller: Caller, route: str) -> Followed:
        return Followed(caller, Journey(caller.method, route, None, 0, monotonic), done.append)

    home.app.follow = begin
    return done


def test_session_and_tags_reach_the_ledger():
    async def case(home: House):
        tags = '{"team": "search", "beta": true}'
        headers = {"x-headgate-session": "talk-7", "x-headgate-tags": tags}
        await home.ask("hi", extra_headers=headers)
        assert (home.entries[0].session, home.entries[0].tags) == ("talk-7", tags)

    run(case)


@pytest.mark.parametrize(
    "header",
    [
        "x-headgate-tags: team=search",
        "x-headgate-tags: [1]",
        'x-headgate-tags: {"a": {"b": 1}}',
        'x-headgate-tags: {"a": "' + "x" * 4000 + '"}',
        "x-headgate-session: " + "x" * 201,
    ],
)
def test_a_label_that_is_no_label_is_refused_by_name(header):
    async def case(home: House):
        status, _, body = await home.post(chat(), "/v1/chat/completions", header)
        assert status == 400
        assert json.loads(body)["error"]["param"] == header.partition(":")[0]
        assert home.entries == []

    run(case)


def test_health_and_readiness():
    async def case(home: House):
        async def get(path: bytes) -> int:
            request = b"GET " + path + b" HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
            return (await home.raw(request))[0]

        assert [await get(b"/healthz"), await get(b"/readyz")] == [200, 200]
        home.app.draining = True
        assert [await get(b"/healthz"), await get(b"/readyz")] == [200, 503]

    run(case)


def test_health_tells_of_the_process_beside_while_it_is_in_trouble():
    async def case(home: House):
        async def health() -> object:
            request = b"GET /healthz HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
            status, _, body = await home.raw(request)
            assert status == 200
            return json.loads(body)

        assert await health() == {"status": "ok"}
        home.app.beside = lambda: "silent"
        assert await health() == {"status": "ok", "beside": "silent"}

    run(case)


def test_readiness_tells_what_is_not_as_it_should_be_though_it_serves():
    async def case(home: House):
        async def ready() -> object:
            request = b"GET /readyz HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
            status, _, body = await home.raw(request)
            assert status == 200
            return json.loads(body)

        assert await ready() == {"status": "ready"}
        home.app.unreadable_keys = lambda: 1
        assert await ready() == {"status": "ready", "keys": "unreadable"}
        home.app.refused_reload = True
        assert await ready() == {"status": "ready", "reload": "refused", "keys": "unreadable"}

    run(case)


def test_a_monitor_that_asks_for_heads_alone_is_answered_with_them():
    async def case(home: House):
        for path in (b"/healthz", b"/readyz"):
            request = b"HEAD " + path + b" HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
            status, headers, body = await home.raw(request)
            assert (status, body) == (200, b"")
            assert int(headers["content-length"]) > 0

    run(case)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/v1/chat/completions", {}),
        ("/v1/messages", {"max_tokens": 9}),
        ("/v1/messages/count_tokens", {}),
        ("/v1/embeddings", {"model": "google/embedder", "messages": ..., "input": "hi"}),
        ("/v1/moderations", {"model": "google/media", "messages": ..., "input": "hi"}),
    ],
)
def test_a_compressed_body_is_unpacked(path, fields):
    async def case(home: House):
        packed = gzip.compress(chat(**fields))
        assert (await home.post(packed, path, "content-encoding: gzip"))[0] == 200
        assert b"hi" in home.seen[-1].body
        assert "content-encoding" not in home.seen[-1].headers

    run(case)


def test_a_compressed_body_without_a_word_of_that_is_told_to_say_so():
    async def case(home: House):
        status, _, body = await home.post(gzip.compress(chat()))
        assert status == 400
        assert "Content-Encoding" in json.loads(body)["error"]["message"]
        status, headers, body = await home.post(
            chat(), "/v1/chat/completions", "content-encoding: br"
        )
        assert (status, headers["accept-encoding"]) == (415, "gzip, deflate, zstd")
        assert json.loads(body)["error"]["code"] == "unsupported_encoding"
        bomb = gzip.compress(b" " * 5001)
        status, _, body = await home.post(bomb, "/v1/chat/completions", "content-encoding: gzip")
        assert (status, json.loads(body)["error"]["code"]) == (413, "request_too_large")
        assert home.entries == []

    run(case, sets=("server.max_body_bytes=5000",))


@pytest.mark.parametrize("path", ["/chat/completions", "/v1/v1/chat/completions"])
def test_a_base_url_with_or_without_its_version_leads_to_the_same(path):
    async def case(home: House):
        assert (await home.post(chat(), path))[0] == 200
        assert home.entries[-1].route == "/v1/chat/completions"
        listing = f"GET {path.replace('chat/completions', 'models')} HTTP/1.1\r\nhost: h\r\n"
        assert (await home.raw(f"{listing}connection: close\r\n\r\n".encode()))[0] == 200

    run(case)


PAGE = "origin: https://app.example"
PREFLIGHT = (
    "OPTIONS /v1/chat/completions HTTP/1.1\r\nhost: h\r\nconnection: close\r\n{}\r\n"
    "access-control-request-method: POST\r\n"
    "access-control-request-headers: authorization, content-type\r\n\r\n"
)


def test_a_web_page_that_is_named_may_ask_and_read_the_answer():
    async def case(home: House):
        status, headers, body = await home.raw(PREFLIGHT.format(PAGE).encode())
        assert (status, body) == (200, b"")
        assert headers["access-control-allow-headers"] == "authorization, content-type"
        key = "authorization: Bearer gate-key"
        for fields in ({}, {"stream": True}):
            path = "/v1/chat/completions"
            status, headers, _ = await home.post(chat(**fields), path, PAGE, key)
            assert status == 200
            assert headers["access-control-allow-origin"] == "https://app.example"
            assert headers["x-headgate-tier"] == "cheap"
        status, headers, _ = await home.post(b"{", "/v1/chat/completions", PAGE, key)
        assert status == 400  # its page can read why
        assert headers["access-control-allow-origin"] == "https://app.example"
        assert (await home.post(chat(), "/v1/chat/completions", PAGE))[0] == 401

    run(case, KEYED + 'cors_origins = ["https://app.example"]\n')


def test_no_other_web_page_may_ask_or_read():
    async def case(home: House):
        status, headers, body = await home.raw(
            PREFLIGHT.format("origin: https://evil.example").encode()
        )
        assert status == 403
        assert b"cors_origins" in body
        assert not [name for name in headers if name.startswith("access-control")]
        text = "content-type: text/plain"  # for which no browser asks first
        for origin in ("origin: https://evil.example", "origin: null"):
            status, headers, body = await home.post(chat(), "/v1/chat/completions", origin, text)
            assert (status, json.loads(body)["error"]["code"]) == (403, "origin_not_allowed")
        assert home.seen == []
        assert (await home.post(chat(), "/v1/chat/completions", PAGE))[0] == 200

    run(case, sets=("server.cors_origins=https://app.example",))


def test_who_has_a_key_may_come_from_any_page_that_can_send_it():
    async def case(home: House):
        key = "authorization: Bearer gate-key"
        origin = "origin: https://desk.example"
        assert (await home.post(chat(), "/v1/chat/completions", origin, key))[0] == 200

    run(case, KEYED)


def test_provider_keys_stay_out_of_answers_errors_and_entries(caplog):
    async def case(home: House):
        await home.ask("hi")
        with pytest.raises(openai.APIStatusError):
            await home.ask("[[error]] words", model="cheap")
        seen = repr(home.entries) + repr(home.app.__dict__) + caplog.text
        status, headers, body = await home.post(chat(model="anthropic/nothing"))
        seen += f"{status}{headers}{body!r}"
        assert "canary" not in seen

    run(case, CONFIG)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "model": st.sampled_from(["auto", "cheap", "google/gpt-5-mini"]) | JSON,
        "messages": st.lists(
            st.fixed_dictionaries(
                {}, optional={"role": st.sampled_from(["user", "system", "tool"]), "content": JSON}
            )
        )
        | JSON,
        "stream": st.booleans() | JSON,
        "tools": JSON,
        "max_tokens": JSON,
        "temperature": JSON,
    },
)


def test_no_body_makes_the_gateway_fail():
    async def main():
        async with house(RULES) as home:
            loop = asyncio.get_running_loop()

            @settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
            @given(st.binary(max_size=200) | FIELDS.map(lambda body: json.dumps(body).encode()))
            def check(body: bytes) -> None:
                asked = asyncio.run_coroutine_threadsafe(home.post(body), loop)
                status, _, answer = asked.result(60)
                # 5xx would be ours; the simulated providers refuse off-spec requests with 4xx
                assert status < 500 or b"empty" in answer, (status, answer)

            await asyncio.to_thread(check)

    asyncio.run(main())


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/v1/embeddings"])
def test_a_gateway_whose_ledger_is_away_refuses_where_it_is_told_to(path):
    async def case(home: House):
        home.app.recordable = lambda: False
        status, headers, body = await home.post(chat(), path)
        assert (status, headers["retry-after"]) == (503, "5")
        assert "ledger" in json.loads(body)["error"]["message"]
        assert home.seen == []
        assert (await home.raw(b"GET /readyz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"))[
            0
        ] == 503
        assert (await home.raw(b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"))[
            0
        ] == 200
        home.app.recordable = lambda: True
        assert (await home.post(chat()))[0] == 200

    run(case)
