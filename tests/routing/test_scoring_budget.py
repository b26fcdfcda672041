"""What a score costs, counted and not timed: no loop over a text runs in Python."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

from headgate.routing import features
from headgate.routing.draft import Draft
from headgate.routing.features import Request, traits, words
from headgate.routing.ngrams import WORDS, buckets
from tests.routing.routers import small_router

THOUSAND_TOKENS = ("Prove that the sum of two odd numbers is even, and say why 12 > 7. " * 60)[
    :4000
]


def instructions(request: Request) -> int:
    """Python instructions that scoring a request runs, in all functions."""
    router = small_router()
    router.score(request)
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        router.score(request)
    finally:
        sys.settrace(before)
    return count


def test_a_long_text_runs_no_more_instructions_than_a_short_one():
    short, long = (instructions(Request(text=t)) for t in ("Why is it so?", THOUSAND_TOKENS))
    assert long < 1.3 * short, "a step for each kind of sign that is in it"
    assert long < 1500


def test_a_hundred_times_the_text_costs_nothing_more():
    some = instructions(Request(text=THOUSAND_TOKENS))
    long, longest = (instructions(Request(text=THOUSAND_TOKENS * n)) for n in (9, 900))
    assert longest <= long + 5
    assert long < 1.4 * some, "sizes beyond the table are worked out, each by itself"


def test_a_draft_costs_a_few_instructions_more():
    plain = instructions(Request(text="Why?"))
    drafted = instructions(Request(text="Why?", draft=Draft(chars=9, agreement=1.0)))
    assert drafted < plain + 150


@pytest.mark.parametrize(
    "text", [THOUSAND_TOKENS, "a " * 9000, "1" * 9000, "語" * 9000, "é a" * 3000]
)
def test_lookups_stay_within_their_budget(text: str):
    found = words(text)
    request = Request(text=text)
    assert len(found) <= features.TEXT_CHARS + 1
    said = buckets(found)
    assert len(said.pairs) < len(said.words) <= WORDS
    assert len(traits(request, len(found))) <= 25
