"""said: a stored prompt in words, in each dialect; what cannot be read is shown as it is."""

import json
from typing import Any

import pytest

from headgate.ledger.prompt import both_ends
from headgate.web.said import LONG, sides_of
from tests.ledger.samples import prompt

QUESTION = {"role": "user", "content": "What is it?"}
CHAT = {"choices": [{"message": {"role": "assistant", "content": "It is 42."}}]}
CLAUDE = {
    "type": "message",
    "role": "assistant",
    "content": [{"type": "text", "text": "It is 42."}],
    "stop_reason": "end_turn",
}
RESPONSE = {
    "object": "response",
    "status": "completed",
    "output": [
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "It is 42."}],
        }
    ],
}


def kept(asked: Any, answered: Any, **changes: Any):
    request, answer = json.dumps(asked), json.dumps(answered)
    lengths = {"request_bytes": len(request), "answer_bytes": len(answer)}
    return prompt(**{"request": request, "answer": answer, **lengths, **changes})


@pytest.mark.parametrize(
    ("dialect", "asked", "answered"),
    [
        ("openai", {"model": "auto", "messages": [QUESTION]}, CHAT),
        ("anthropic", {"model": "auto", "max_tokens": 9, "messages": [QUESTION]}, CLAUDE),
        ("openai-responses", {"model": "auto", "input": [QUESTION]}, RESPONSE),
    ],
)
def test_question_and_answer_are_told_in_words_in_every_dialect(dialect, asked, answered):
    question, answer = sides_of(kept(asked, answered, dialect=dialect))
    assert question.text == "[user]\nWhat is it?"
    assert answer.text == "It is 42."
    assert json.loads(question.whole) == asked
    assert json.loads(answer.whole) == answered
    assert question.called == answer.called == "As it was sent"


def test_the_parts_of_a_stream_are_told_in_words():
    parts = [
        {"type": "thinking", "text": "hm", "signature": None},
        {"type": "text", "text": "I look."},
        {"type": "tool_call", "id": "c", "name": "look", "arguments": "{}"},
    ]
    _, answer = sides_of(kept({}, parts, form="parts"))
    assert answer.text == "I look.\n[calls the tool look with {}]"
    assert answer.called == "Its parts"
    assert '"thinking"' in answer.whole


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ({"model": "m", "input": "embed me"}, {"data": [{"embedding": [0.1]}]}),
        ({}, {"error": {"message": "no"}}),
        ([[[]]], "text"),
        (None, None),
    ],
)
def test_what_is_no_message_is_shown_as_it_is(asked, answered):
    question, answer = sides_of(kept(asked, answered))
    assert (question.text, answer.text) == ("", "")
    assert json.loads(question.whole) == asked
    assert json.loads(answer.whole) == answered


def test_a_dialect_from_the_future_and_an_answer_that_never_came_are_no_fault():
    question, answer = sides_of(kept({}, {}, dialect="telepathy", answer="", answer_bytes=0))
    assert (question.text, answer.text, answer.whole) == ("", "", "")


def test_what_was_cut_says_so_and_is_shown_as_far_as_it_goes():
    whole = json.dumps({"model": "auto", "messages": [{"role": "user", "content": "x" * 9000}]})
    cut = both_ends(whole.encode(), 500)
    question, _ = sides_of(kept({}, {}, request=cut, request_bytes=len(whole)))
    assert question.size == f"{len(whole):,} bytes, of which {len(cut):,} are kept"
    assert question.text == ""
    assert question.whole == cut


def test_a_long_text_is_folded_up_and_a_short_one_is_open():
    asked = {"model": "auto", "messages": [{"role": "user", "content": "x" * LONG}]}
    question, answer = sides_of(kept(asked, CHAT))
    assert (question.open, answer.open) == (False, True)
