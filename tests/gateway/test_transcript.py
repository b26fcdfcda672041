"""transcript: what a caller asked and was answered is handed on once, and before its last bytes."""

import asyncio
import functools
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from headgate.gateway.caller import Headers
from headgate.gateway.transcript import STORE_HEADER, Transcript, Transcripts
from headgate.ledger.prompt import Prompt
from headgate.wire.neutral import Done, TextDelta
from tests.gateway.house import RULES, House, house, until
from tests.gateway.test_cascade import BAD, CASCADE, CHEAP, GOOD, Script


def in_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that is a coroutine, run to its end."""

    @functools.wraps(test)
    def run(*given: Any, **named: Any) -> None:
        asyncio.run(test(*given, **named))

    return run


QUESTION = {"model": "auto", "messages": [{"role": "user", "content": "hello"}]}


class Caller:
    """A caller that notes what had been kept when something reached it."""

    method, path, query = "POST", "/v1/chat/completions", ""

    def __init__(self, kept: list[Prompt], **headers: str) -> None:
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.kept = kept
        self.got: list[tuple[bytes, int]] = []

    async def body(self, limit: int) -> bytes:
        return b"x" * limit

    def on_leave(self, callback: Callable[[], object]) -> None:
        callback()

    def respond(self, status: int, headers: Headers, body: bytes) -> None:
        self.got.append((body, len(self.kept)))

    def stream(self, status: int, headers: Headers) -> "Caller":
        return self

    def write(self, data: bytes) -> bool:
        self.got.append((data, len(self.kept)))
        return len(data) < 10

    async def send(self, data: bytes) -> None:
        self.got.append((data, len(self.kept)))


def begun(
    kept: list[Prompt], body: bytes = b"{}", most: int = 5000, **headers: str
) -> tuple[Caller, Transcript | None]:
    caller = Caller(kept, **headers)
    scribe = Transcripts(kept.append, most=most)
    return caller, scribe.begin(caller, "openai", body, "req_1", 1.5)


def test_an_answer_is_kept_before_it_goes_out_and_only_once():
    kept: list[Prompt] = []
    caller, transcript = begun(kept, b'{"a":1}')
    assert transcript is not None
    transcript.respond(200, [], b"answer")
    transcript.over()
    assert caller.got == [(b"answer", 1)]
    assert kept == [
        Prompt(
            request_id="req_1",
            at_us=1_500_000,
            dialect="openai",
            request='{"a":1}',
            request_bytes=7,
            answer="answer",
            answer_bytes=6,
        )
    ]


def test_a_refusal_is_kept_only_when_somebody_says_that_it_was_one_of_the_ledgers():
    kept: list[Prompt] = []
    caller, transcript = begun(kept)
    assert transcript is not None
    transcript.respond(429, [], b"slow down")
    assert (kept, caller.got) == ([], [(b"slow down", 0)])
    transcript.over()
    assert [one.answer for one in kept] == ["slow down"]


def test_a_key_that_a_provider_quotes_in_its_refusal_is_not_kept():
    kept: list[Prompt] = []
    caller = Caller(kept, authorization="Bearer hg_caller", x_api_key="hg_other")
    scribe = Transcripts(kept.append, most=999, secrets=["sk-provider", ""])
    transcript = scribe.begin(caller, "openai", b"{}", "req_1", 1.5)
    assert transcript is not None
    said = b"no sk-provider, nor hg_caller, nor hg_other"
    transcript.respond(401, [], said)
    transcript.over()
    assert caller.got == [(said, 0)]
    assert [one.answer for one in kept] == ["no [a key], nor [a key], nor [a key]"]


def test_a_stream_that_is_written_on_where_it_arrives_is_kept_before_its_last_bytes_too():
    kept: list[Prompt] = []
    caller, transcript = begun(kept)
    assert transcript is not None
    hearing = transcript.hearing()
    out = transcript.stream(200, [])
    assert out.write(b"1")
    hearing.take(Done())
    assert not out.write(b"2 and so much that it waits")
    assert [before for _, before in caller.got] == [0, 1]


@in_a_loop
async def test_a_stream_is_kept_before_its_last_bytes_go_out():
    kept: list[Prompt] = []
    caller, transcript = begun(kept)
    assert transcript is not None
    transcript.hearing().take(TextDelta("of an attempt that failed"))
    hearing = transcript.hearing()
    out = transcript.stream(200, [])
    hearing.take(TextDelta("hel"))
    await out.send(b"1")
    hearing.take(TextDelta("lo"))
    hearing.take(Done())
    await out.send(b"2")
    transcript.over()
    assert caller.got == [(b"1", 0), (b"2", 1)]
    (only,) = kept
    assert json.loads(only.answer) == [{"type": "text", "text": "hello"}]
    assert (only.form, only.answer_bytes) == ("parts", len(only.answer))


def test_what_was_heard_of_an_attempt_that_reached_nobody_is_not_the_answer():
    kept: list[Prompt] = []
    _, transcript = begun(kept)
    assert transcript is not None
    transcript.hearing().take(TextDelta("never sent"))
    transcript.over()
    assert [(one.answer, one.answer_bytes, one.form) for one in kept] == [("", 0, "body")]


def test_a_stream_that_broke_off_leaves_what_had_come():
    kept: list[Prompt] = []
    _, transcript = begun(kept)
    assert transcript is not None
    hearing = transcript.hearing()
    transcript.stream(200, [])
    hearing.take(TextDelta("half an ans"))
    transcript.over()
    assert json.loads(kept[0].answer) == [{"type": "text", "text": "half an ans"}]


def test_long_texts_are_cut_and_say_how_long_they_were():
    kept: list[Prompt] = []
    _, transcript = begun(kept, b'"' + b"q" * 9000 + b'"', most=200)
    assert transcript is not None
    transcript.respond(200, [], b"a" * 9000)
    (only,) = kept
    assert (only.request_bytes, only.answer_bytes) == (9002, 9000)
    assert only.request_is_cut
    assert only.answer == "a" * 200
    _, transcript = begun(kept, most=200)
    assert transcript is not None
    hearing = transcript.hearing()
    transcript.stream(200, [])
    for _ in range(100):
        hearing.take(TextDelta("word "))
    transcript.over()
    assert json.loads(kept[1].answer) == [{"type": "text", "text": "word " * 40}]
    assert kept[1].answer_bytes == len(kept[1].answer) + 300
    assert kept[1].answer_is_cut


@pytest.mark.parametrize(
    ("value", "kept"), [("yes", True), (" YES", True), ("no", False), ("", False), ("nope", False)]
)
def test_whoever_says_anything_but_yes_is_not_written_down(value, kept):
    _, transcript = begun([], **{STORE_HEADER.replace("-", "_"): value})
    assert (transcript is not None) is kept


@in_a_loop
async def test_all_else_is_the_callers_own():
    left: list[int] = []
    _, transcript = begun([], x_a="b")
    assert transcript is not None
    assert await transcript.body(3) == b"xxx"
    assert (transcript.method, transcript.headers) == ("POST", {"x-a": "b"})
    transcript.on_leave(lambda: left.append(1))
    assert left == [1]


# ---- in the gateway


def kept_by(home: House) -> list[Prompt]:
    kept: list[Prompt] = []
    home.app.transcripts = Transcripts(kept.append, most=100_000)
    return kept


@in_a_loop
async def test_a_request_is_kept_with_the_id_of_its_rows():
    async with house(RULES) as home:
        kept = kept_by(home)
        body = json.dumps(QUESTION).encode()
        _, headers, answer = await home.post(body)
    (only,) = kept
    assert only.request_id == headers["x-headgate-request-id"] == home.entries[0].request_id
    assert only.request == body.decode()
    assert only.answer == answer.decode()
    assert (only.form, only.request_is_cut, only.answer_is_cut) == ("body", False, False)
    assert abs(only.at_us - home.entries[0].at_us) < 10_000_000


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("/v1/chat/completions", "openai"),
        ("/v1/messages", "anthropic"),
        ("/v1/responses", "openai-responses"),
    ],
)
@pytest.mark.parametrize("question", ["hello", "prove it"])
@in_a_loop
async def test_a_stream_is_kept_as_the_text_that_the_caller_read(path, dialect, question):
    async with house(RULES) as home:
        kept = kept_by(home)
        asked = {"model": "auto", "max_tokens": 99, "stream": True}
        message = [{"role": "user", "content": question}]
        if dialect == "openai-responses":
            asked = {"model": "auto", "stream": True, "input": message}
        else:
            asked["messages"] = message
        status, _, stream = await home.post(json.dumps(asked).encode(), path)
    assert status == 200
    (only,) = kept
    assert (only.dialect, only.form) == (dialect, "parts")
    (part,) = json.loads(only.answer)
    assert part["type"] == "text"
    assert question in part["text"]
    assert all(word.encode() in stream for word in part["text"].split())


@in_a_loop
async def test_what_is_refused_before_a_provider_is_asked_is_not_kept():
    async with house(RULES) as home:
        kept = kept_by(home)
        assert (await home.post(b"{"))[0] == 400
        assert (await home.post(b'{"model":"auto","messages":[]}'))[0] == 400
        home.app.adopt(home.app.plant, max_body=10, max_requests=9)
        assert (await home.post(json.dumps(QUESTION).encode()))[0] == 413
        home.app.adopt(home.app.plant, max_body=10_000, max_requests=0)
        assert (await home.post(json.dumps(QUESTION).encode()))[0] == 503
    assert kept == []
    assert home.entries == []


@in_a_loop
async def test_what_a_provider_refused_is_kept_with_its_refusal():
    async def objecting(dialect: str, request: object) -> str | None:
        return "c4n4ry: no such thing"

    async with house(RULES, objector=objecting) as home:
        kept = kept_by(home)
        status, _, answer = await home.post(json.dumps(QUESTION).encode())
    assert status == 400
    assert [one.answer for one in kept] == [answer.decode()]


@in_a_loop
async def test_a_caller_may_forbid_it_and_is_served():
    async with house(RULES) as home:
        kept = kept_by(home)
        body = json.dumps(QUESTION).encode()
        assert (await home.post(body, "/v1/chat/completions", f"{STORE_HEADER}: no"))[0] == 200
        assert kept == []
        assert all(STORE_HEADER not in request.headers for request in home.seen)


@in_a_loop
async def test_embeddings_are_kept_and_counts_of_tokens_are_not():
    async with house(RULES) as home:
        kept = kept_by(home)
        asked = b'{"model":"google/embedder","input":"hello"}'
        status, _, answer = await home.post(asked, "/v1/embeddings")
        assert status == 200
        await home.post(json.dumps(QUESTION).encode(), "/v1/messages/count_tokens")
    (only,) = kept
    assert (only.request, only.answer) == (asked.decode(), answer.decode())
    assert only.request_id == home.entries[0].request_id


@in_a_loop
async def test_a_key_in_a_body_reaches_the_provider_and_not_the_ledger():
    async with house(RULES) as home:
        kept = kept_by(home)
        asked = {**QUESTION, "model": "google/gpt-5-mini", "api_key": "c4n4ry"}
        await home.post(json.dumps(asked).encode())
        assert b"c4n4ry" in home.seen[-1].body
    assert "c4n4ry" not in kept[0].request
    assert '"api_key":""' in kept[0].request


@in_a_loop
async def test_without_the_setting_nothing_is_taken_down():
    async with house(RULES) as home:
        assert home.app.transcripts is None
        assert (await home.post(json.dumps(QUESTION).encode()))[0] == 200


@in_a_loop
async def test_a_caller_that_leaves_a_stream_leaves_what_it_was_sent():
    async with house(RULES) as home:
        kept = kept_by(home)
        stream = await home.client.chat.completions.create(
            model="google/gpt-5-mini",
            messages=[{"role": "user", "content": "[[stall]] " + "words " * 100}],
            stream=True,
        )
        await anext(aiter(stream))
        await stream.close()
        await until(lambda: kept and not home.server.tasks)
    assert home.entries[0].aborted
    (part,) = json.loads(kept[0].answer)
    assert 0 < len(part["text"]) < 600


@in_a_loop
async def test_a_caller_that_leaves_before_the_answer_leaves_its_question():
    async with house(RULES) as home:
        kept = kept_by(home)
        asked = asyncio.create_task(home.ask("[[stall]] words", model="cheap"))
        await until(lambda: home.seen)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        await home.client.close()
        await until(lambda: kept and not home.server.tasks)
    assert "[[stall]] words" in kept[0].request
    assert (kept[0].answer, kept[0].answer_bytes) == ("", 0)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("draft", "told"), [(GOOD, GOOD), (BAD, "From premium, with care.")])
@in_a_loop
async def test_of_a_cascade_only_what_the_caller_got_is_kept(draft, told, stream):
    async with house(CASCADE, brain=Script({CHEAP: draft})) as home:
        kept = kept_by(home)
        status, _, _ = await home.post(json.dumps({**QUESTION, "stream": stream}).encode())
        assert status == 200
    (only,) = kept
    assert told in only.answer
    assert (BAD in only.answer) is (told == BAD)
    assert only.form == ("parts" if stream else "body")
