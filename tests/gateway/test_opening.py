"""opened: a stream goes out once its answer has begun; until then its failure can be mended."""

from __future__ import annotations

import pytest

from headgate.errors import UpstreamError
from headgate.gateway.opening import opened
from headgate.gateway.record import Attempt
from headgate.values import Usage
from headgate.wire.lane import Flow, UnusableAnswerError, lane
from tests.gateway.clocks import NOON, Stopped
from tests.gateway.leaping import run_leaping
from tests.gateway.plants import CHEAP, EVENTS, Came, Chunk, answer, inbound, plant, stream

WORDS = ("The answer", " is ", "42.")
PROBLEM = b'{"type":"error","error":{"type":"overloaded_error","message":"Full."}}'
ERROR = b"event: error\ndata: " + PROBLEM + b"\n\n"


def opening(
    came: Came, *, dialect: str = "anthropic", clock: Stopped | None = None
) -> tuple[tuple[Flow, bytes] | UpstreamError, Attempt]:
    """What came of a stream's beginning, and its attempt."""
    made, _, _ = plant(clock=clock)
    request = inbound(dialect=dialect, stream=True)
    attempt = Attempt(0, "answer", CHEAP, "first", 0, NOON)
    way = lane(request, "anthropic", at=int(NOON))
    way.request(CHEAP.model.model)

    async def main() -> tuple[Flow, bytes] | UpstreamError:
        try:
            return await opened(made, request, attempt, way, came, lambda _: "0.000001")
        except UpstreamError as error:
            return error

    return run_leaping(main()), attempt


def well(*chunks: Chunk, dialect: str = "anthropic") -> tuple[Flow, bytes]:
    """A stream that begins well."""
    found, _ = opening(Came(*chunks, headers=(EVENTS,)), dialect=dialect)
    assert isinstance(found, tuple)
    return found


def badly(came: Came) -> UpstreamError:
    """A stream that does not."""
    found, attempt = opening(came)
    assert isinstance(found, UpstreamError)
    assert attempt.model_answered is None
    return found


def test_no_more_is_held_than_up_to_the_first_words():
    head, start, first, *rest = stream(*WORDS)
    came = Came(head, start, first, *rest, headers=(EVENTS,))
    found, attempt = opening(came)
    assert isinstance(found, tuple)
    flow, first_bytes = found
    assert first_bytes == head + start + first
    assert flow.begun
    assert not flow.complete
    assert attempt.model_answered == "claude-haiku-4-5-20251001"
    assert came.idles == [7.0] * 3, "each chunk has the time that the plant gives it"
    assert (came.released, came.closed) == (False, False)


def test_a_stream_that_comes_at_once_is_complete_when_it_opens_and_says_what_it_cost():
    flow, first_bytes = well(b"".join(stream(*WORDS)))
    assert all(word.encode() in first_bytes for word in WORDS)
    assert b"0.000001" in first_bytes
    assert flow.complete
    assert flow.usage == Usage(12, 5)


def test_the_first_token_is_when_the_first_words_came():
    clock = Stopped()
    head, start, first, *rest = stream(*WORDS)

    async def late() -> bytes:
        clock.at += 2.5
        return first

    _, attempt = opening(Came(head, start, late, *rest, headers=(EVENTS,)), clock=clock)
    assert attempt.first_token == NOON + 2.5


THINKS = (
    b'event: content_block_start\ndata: {"type":"content_block_start","index":0,'
    b'"content_block":{"type":"thinking","thinking":"","signature":""}}\n\n'
)


@pytest.mark.parametrize("dialect", ["anthropic", "openai"])
def test_a_model_that_thinks_is_not_waited_for_though_it_says_nothing(dialect):
    head, _, *rest = stream(*WORDS)
    came = Came(head, THINKS, *rest, headers=(EVENTS,))
    found, attempt = opening(came, dialect=dialect)
    assert isinstance(found, tuple)
    flow, first_bytes = found
    assert len(came.idles) == 2, "the words are still to come"
    assert first_bytes
    assert (flow.begun, flow.thinking, flow.complete) == (False, True, False)
    assert attempt.first_token is not None


def test_another_dialect_is_translated_from_its_first_byte():
    _, first_bytes = well(*stream(*WORDS), dialect="openai")
    assert b"chat.completion.chunk" in first_bytes
    assert b"The answer" in first_bytes


def test_what_is_no_stream_is_not_read():
    came = Came(answer("Hi"))
    assert badly(came).kind == "unusable"
    assert came.idles == []


@pytest.mark.parametrize("events", [0, 1, 2])
def test_a_stream_that_ends_before_its_answer_is_a_reset(events):
    assert badly(Came(*stream(*WORDS)[:events], headers=(EVENTS,))).kind == "reset"


def test_an_error_before_the_answer_closes_the_connection_and_is_told_in_the_providers_words():
    came = Came(stream(*WORDS)[0], ERROR, *stream(*WORDS)[1:], headers=(EVENTS,))
    failure = badly(came)
    assert failure.kind == "stream-error"
    assert "Full." in str(failure)
    assert came.closed
    assert len(came.idles) == 2, "what follows an error is not read"


def test_an_answer_without_a_word_is_unusable_billed_and_leaves_its_connection_usable():
    head, *_, delta, stop = stream("")
    came = Came(head, delta, stop, headers=(EVENTS,))
    failure = badly(came)
    assert isinstance(failure, UnusableAnswerError)
    assert failure.usage is not None
    assert failure.usage.input == 12
    assert (came.released, came.closed) == (True, False)


def test_a_silence_before_the_answer_is_told_as_it_is():
    silent = UpstreamError("Silent for 7 s.", kind="timeout")
    assert badly(Came(stream(*WORDS)[0], silent, headers=(EVENTS,))) is silent
