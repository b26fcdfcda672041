"""hold: a draft is whole before anyone sees it, and what came of a broken one is billed."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.errors import UpstreamError
from headgate.gateway.holding import Held, hold
from headgate.gateway.record import Attempt
from headgate.values import Usage
from headgate.wire.lane import DIALECTS, UnusableAnswerError, draft_of, lane, streamed_draft
from tests.gateway.clocks import NOON, Stopped
from tests.gateway.leaping import run_leaping
from tests.gateway.plants import CHEAP, EVENTS, Came, Chunk, answer, inbound, plant, stream

WORDS = ("The answer", " is ", "42.")
RESET = UpstreamError("The connection was closed.", kind="reset")


def held(came: Came, *, dialect: str = "anthropic", clock: Stopped | None = None, **fields):
    """What was held of an answer, or the failure; and the attempt, which has learnt its tokens."""
    made, _, _ = plant(clock=clock)
    request = inbound(dialect=dialect, **fields)
    attempt = Attempt(0, "answer", CHEAP, "first", 0, NOON)
    way = lane(request, "anthropic", at=int(NOON))
    way.request(CHEAP.model.model)

    async def main() -> Held | UpstreamError:
        try:
            return await hold(made, request, attempt, way, came)
        except UpstreamError as error:
            return error

    return run_leaping(main()), attempt


def streaming(*chunks: Chunk) -> Came:
    return Came(*chunks, headers=(EVENTS,))


def test_a_whole_answer_is_held_as_it_came_with_the_providers_count():
    body = answer("".join(WORDS))
    found, attempt = held(Came(body))
    assert found.body == body
    assert found.draft == draft_of(DIALECTS["anthropic"], body)
    assert found.draft.text == "The answer is 42."
    assert (attempt.usage, attempt.usage_source) == (Usage(12, 5), "measured")
    assert attempt.model_answered == "claude-haiku-4-5-20251001"
    assert attempt.first_token is None, "a whole answer has no first token that could be timed"


def test_an_answer_without_a_count_is_estimated_and_marked_so():
    body = msgspec.json.decode(answer("x" * 400))
    del body["usage"]
    found, attempt = held(Came(msgspec.json.encode(body)))
    assert found.draft.text == "x" * 400
    assert attempt.usage_source == "estimated"
    assert attempt.usage.output >= 100
    assert attempt.usage.input > 0


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"type":"error"}'])
def test_what_is_no_answer_is_told_apart_from_one(body):
    found, attempt = held(Came(body))
    assert isinstance(found, UnusableAnswerError)
    assert attempt.model_answered is None


def test_an_answer_that_breaks_off_is_a_failure_of_its_own_kind():
    found, _ = held(Came(answer("Hi")[:20], RESET))
    assert found is RESET


def test_a_caller_of_another_dialect_gets_its_own_and_the_checks_see_the_providers():
    found, attempt = held(Came(answer("Hello")), dialect="openai")
    body = msgspec.json.decode(found.body)
    assert body["object"] == "chat.completion"
    assert body["choices"][0]["message"]["content"] == found.draft.text == "Hello"
    assert attempt.usage == Usage(12, 5)


def test_a_stream_is_held_to_its_end_and_its_connection_is_kept():
    came = streaming(*stream(*WORDS))
    found, attempt = held(came, stream=True)
    assert found.body == b"".join(stream(*WORDS))
    assert found.draft == streamed_draft(DIALECTS["anthropic"], b"".join(stream(*WORDS)))
    assert found.draft.text == "The answer is 42."
    assert (attempt.usage, attempt.usage_source) == (Usage(12, 5), "measured")
    assert (came.released, came.closed) == (True, False)
    assert set(came.idles) == {7.0}, "each chunk has the time that the plant gives it"


def test_a_stream_for_a_caller_of_another_dialect_is_translated_and_the_draft_is_not():
    found, _ = held(streaming(*stream(*WORDS)), dialect="openai", stream=True)
    assert b"chat.completion.chunk" in found.body
    assert found.body.endswith(b"data: [DONE]\n\n")
    assert found.draft == streamed_draft(DIALECTS["anthropic"], b"".join(stream(*WORDS)))


def test_the_first_token_is_when_something_of_the_answer_came_not_its_opening():
    clock = Stopped()
    opening, start, first, *rest = stream(*WORDS)

    async def late() -> bytes:
        clock.at += 2.5
        return first

    async def later() -> bytes:
        clock.at += 4.0
        return b"".join(rest)

    _, attempt = held(streaming(opening, start, late, later), stream=True, clock=clock)
    assert attempt.first_token == NOON + 2.5


THINKS = (
    b'event: content_block_start\ndata: {"type":"content_block_start","index":0,'
    b'"content_block":{"type":"thinking","thinking":"","signature":""}}\n\n'
)


def test_a_model_that_thinks_is_at_work_before_its_first_token():
    clock = Stopped()
    opening, _, *rest = stream(*WORDS)

    async def later() -> bytes:
        clock.at += 4.0
        return b"".join(rest)

    _, attempt = held(streaming(opening, THINKS, later), stream=True, clock=clock)
    assert attempt.first_token == NOON


@given(st.lists(st.integers(1, 900), max_size=12), st.text(max_size=80))
def test_a_stream_may_come_in_any_pieces(cuts, text):
    whole = b"".join(stream(text, *WORDS))
    edges = [0, *sorted({cut for cut in cuts if cut < len(whole)}), len(whole)]
    pieces = [whole[a:b] for a, b in pairwise(edges)]
    found, attempt = held(streaming(*pieces), stream=True)
    assert found.body == whole
    assert found.draft.text == text + "The answer is 42."
    assert attempt.usage == Usage(12, 5)


def test_what_is_no_stream_is_refused_before_it_is_read():
    came = Came(answer("Hi"))
    found, attempt = held(came, stream=True)
    assert (found.kind, attempt.usage_source) == ("unusable", "none")
    assert came.idles == []


@given(st.integers(1, len(stream(*WORDS)) - 1))
def test_a_stream_that_ends_early_is_reset_closed_and_billed_by_what_came(events):
    came = streaming(*stream(*WORDS)[:events])
    found, attempt = held(came, stream=True)
    assert (type(found), found.kind) == (UpstreamError, "reset")
    assert (came.closed, came.released) == (True, False)
    assert attempt.usage_source == "estimated"
    assert attempt.usage.input == 12, "the provider had said so much"
    assert attempt.model_answered == "claude-haiku-4-5-20251001"


def test_nothing_at_all_is_a_reset_and_is_billed_by_the_request():
    found, attempt = held(streaming(), stream=True)
    assert found.kind == "reset"
    assert attempt.usage_source == "estimated"
    assert (attempt.usage.input > 0, attempt.usage.output) == (True, 0)


def test_an_error_within_the_stream_is_the_providers_and_closes_it_at_once():
    problem = b'{"type":"error","error":{"type":"overloaded_error","message":"Full."}}'
    error = b"event: error\ndata: " + problem + b"\n\n"
    came = streaming(*stream(*WORDS)[:3], error, *stream(*WORDS)[3:])
    found, attempt = held(came, stream=True)
    assert found.kind == "stream-error"
    assert came.closed
    assert len(came.idles) == 4, "what follows an error is not read"
    assert attempt.usage_source == "estimated"


def test_a_time_out_within_the_stream_is_billed_by_what_came_before_it():
    silent = UpstreamError("Silent for 7 s.", kind="timeout")
    found, attempt = held(streaming(*stream("x" * 400)[:3], silent), stream=True)
    assert found is silent
    assert attempt.usage_source == "estimated"
    assert attempt.usage == Usage(input=12, output=100)


def test_who_is_called_off_while_holding_has_still_written_down_what_came():
    """The caller has left: the attempt is closed by whoever called it off."""
    made, _, _ = plant()
    request = inbound(stream=True)
    attempt = Attempt(0, "answer", CHEAP, "first", 0, NOON)
    reached = asyncio.Event()

    async def never() -> bytes:
        reached.set()
        await asyncio.Event().wait()
        return b""

    came = streaming(*stream("x" * 40)[:3], never)

    async def main() -> None:
        way = lane(request, "anthropic", at=int(NOON))
        task = asyncio.ensure_future(hold(made, request, attempt, way, came))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run_leaping(main())
    assert (attempt.usage, attempt.usage_source) == (Usage(12, 10), "estimated")
