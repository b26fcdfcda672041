"""Jury: checks in their order, each asked only while the draft still passes; all is billed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec
import pytest
from msgspec.structs import replace

from headgate.errors import UpstreamError
from headgate.gateway.asking import Asking
from headgate.gateway.jury import Jury
from headgate.gateway.plant import Plant
from headgate.gateway.upstream import Origin
from headgate.ledger.entry import Entry
from headgate.routing.artifact import dump, load
from headgate.routing.cascade import Cascade
from headgate.routing.checks import Finding
from headgate.routing.draft import Draft as Seen
from headgate.routing.tier import Tier
from headgate.routing.verifier import verifier
from headgate.values import Draft, ModelRef
from headgate.wire.lane import Inbound
from tests.gateway.clocks import Stopped
from tests.gateway.leaping import run_leaping
from tests.gateway.plants import (
    EVENTS,
    SMALL,
    Came,
    Scripted,
    answer,
    books,
    inbound,
    plant,
    stream,
)
from tests.routing.routers import small_artifact

GOOD = Draft(text="The answer to that is, as far as anybody knows today, 42.", finish="stop")
OTHER = "The answer to that is, as far as anybody knows today, 41."
UNLIKE = "Nobody could ever say anything sensible about such an unclear matter."
SECOND = Tier(name="verifier", model=ModelRef("anthropic", "claude-sonnet-4-6"))
PLAIN = ["finish", "empty", "refusal", "repetition"]
RESET = UpstreamError("The connection was closed.", kind="reset")


def chat(text: str) -> Came:
    """The judge's answer, in OpenAI's dialect."""
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "gpt-5-mini-2025-08-07",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 80, "completion_tokens": 1},
    }
    return Came(msgspec.json.encode(body))


class Court:
    """One judgement: what was found, what was asked of whom, and the rows."""

    def __init__(
        self,
        cascade: Cascade,
        *script: Came | Exception,
        draft: Draft = GOOD,
        request: Inbound | None = None,
        seconds: float = 20.0,
        clock: Stopped | None = None,
        before: Mapping[ModelRef, bool] | None = None,
    ) -> None:
        made, self.upstream, kept = plant(*script, clock=clock, failures=1)
        for model, good in (before or {}).items():
            made.brakes.note(model, good, made.clock.monotonic(), made.clock.monotonic())
        self.findings = run_leaping(self._judge(made, cascade, draft, request, seconds))
        self.rows: list[Entry] = kept.entries

    async def _judge(
        self,
        made: Plant,
        cascade: Cascade,
        draft: Draft,
        request: Inbound | None,
        seconds: float,
    ) -> list[Finding]:
        asked = request or inbound()
        own = books(made, asked)
        jury = Jury(made, asked, own, Asking(made, asked, own), cascade)
        return await jury.judge(draft, seconds)

    @property
    def checks(self) -> list[str]:
        return [finding.check for finding in self.findings]

    @property
    def last(self) -> Finding:
        return self.findings[-1]

    @property
    def models(self) -> list[str]:
        """Whom was asked, in order."""
        return [row.model_asked for row in self.rows]


def sent_to(upstream: Scripted) -> list[str]:
    ways = [endpoint.origin for endpoint, _ in upstream.sent]
    return [way.host for way in ways if isinstance(way, Origin)]


def test_without_anybody_to_ask_the_plain_checks_decide_and_nothing_is_billed():
    court = Court(Cascade())
    assert court.checks == PLAIN
    assert all(finding.good for finding in court.findings)
    assert (court.rows, court.upstream.sent) == ([], [])


@pytest.mark.parametrize(
    ("draft", "check"),
    [
        (Draft(text="Well, the answer", finish="unknown"), "finish"),
        (Draft(finish="stop"), "empty"),
        (Draft(text="I cannot help with that.", finish="stop"), "refusal"),
    ],
)
def test_a_draft_that_a_plain_check_rejects_is_shown_to_nobody(draft, check):
    court = Court(Cascade(second=SECOND, judge=SMALL), draft=draft)
    assert (court.last.check, court.last.good) == (check, False)
    assert (court.rows, court.upstream.sent) == ([], [])


def test_all_are_asked_in_the_order_second_verifier_judge():
    cascade = Cascade(second=SECOND, verifier=learned(1.0), judge=SMALL)
    court = Court(cascade, Came(answer(GOOD.text)), chat("5"))
    assert court.checks == [*PLAIN, "agreement", "verifier", "judge"]
    assert sent_to(court.upstream) == ["anthropic.test", "openai.test"]
    assert [(row.purpose, row.attempt, row.served) for row in court.rows] == [
        ("verifier", 0, False),
        ("judge", 1, False),
    ]
    assert all(row.cost_nano for row in court.rows)


def test_whoever_rejects_is_the_last_that_is_asked():
    cascade = Cascade(second=SECOND, verifier=learned(1.0), judge=SMALL)
    court = Court(cascade, Came(answer(UNLIKE)))
    assert court.checks == [*PLAIN, "agreement"]
    assert not court.last.good
    cascade = Cascade(verifier=learned(0.0), judge=SMALL)
    assert Court(cascade).checks == [*PLAIN, "verifier"]


# ---- a second model


@pytest.mark.parametrize(
    ("text", "least", "good"), [(GOOD.text, 1.0, True), (OTHER, 0.9, True), (OTHER, 0.95, False)]
)
def test_a_draft_passes_from_the_least_agreement_on(text, least, good):
    court = Court(Cascade(second=SECOND, min_agreement=least), Came(answer(text)))
    assert (court.last.check, court.last.good) == ("agreement", good)
    assert 0.9 <= (court.last.value or 0.0) <= 1.0


def test_the_second_model_gets_the_request_as_the_caller_sent_it_for_its_own_model():
    request = inbound("What is the answer?", temperature=0.2)
    court = Court(Cascade(second=SECOND), Came(answer(GOOD.text)), request=request)
    ((_, body),) = court.upstream.sent
    sent, came = msgspec.json.decode(body), msgspec.json.decode(request.body)
    assert sent == {**came, "model": "claude-sonnet-4-6"}


def test_a_second_models_stream_is_held_whole_too():
    request = inbound(stream=True)
    came = Came(*stream(GOOD.text[:9], GOOD.text[9:]), headers=(EVENTS,))
    court = Court(Cascade(second=SECOND), came, request=request)
    assert (court.last.check, court.last.value) == ("agreement", 1.0)
    assert came.released
    assert court.rows[0].usage_source == "measured"


FAILURES = [
    (Came(b'{"error": {"message": "no"}}', status=500), "status", 500, "none"),
    (UpstreamError("No connection.", kind="connect"), "connect", None, "none"),
    (Came(RESET), "reset", 200, "estimated"),
    (Came(b"<html>"), "unusable", 200, "estimated"),
]


@pytest.mark.parametrize("opens", [True, False])
@pytest.mark.parametrize(("came", "error", "status", "source"), FAILURES)
def test_a_second_model_that_fails_lets_the_draft_pass_or_not_as_the_cascade_says(
    came, error, status, source, opens
):
    court = Court(Cascade(second=SECOND, open=opens), came)
    assert court.last == Finding("agreement", opens, kind="failed")
    (row,) = court.rows
    assert (row.error, row.status, row.usage_source) == (error, status, source)
    assert (row.cost_nano == 0) is (source == "none"), "what was answered is billed"


def test_an_answer_that_is_none_is_billed_by_what_its_provider_counted():
    court = Court(Cascade(second=SECOND), Came(answer("", content=[])))
    assert court.last.kind == "failed"
    (row,) = court.rows
    assert (row.error, row.usage_source, row.usage.output) == ("unusable", "measured", 5)


def test_a_second_model_that_is_silent_has_its_time_and_no_more():
    async def never() -> bytes:
        await asyncio.Event().wait()
        return b""

    court = Court(Cascade(second=SECOND, open=True), Came(never), seconds=0.01)
    assert court.last == Finding("agreement", True, kind="failed")
    (row,) = court.rows
    assert (row.error, row.usage_source) == ("timeout", "estimated")
    assert row.cost_nano, "it may have worked all the while"


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_without_time_nobody_is_asked(seconds):
    court = Court(Cascade(second=SECOND, open=True, judge=SMALL), seconds=seconds)
    assert [finding.kind for finding in court.findings[-2:]] == ["failed", "failed"]
    assert (court.rows, court.upstream.sent) == ([], [])


def test_a_second_model_whose_breaker_is_open_is_not_called():
    court = Court(Cascade(second=SECOND), before={SECOND.model: False})
    assert court.last == Finding("agreement", False, kind="failed")
    assert (court.rows, court.upstream.sent) == ([], [])


def test_a_second_model_whose_dialect_cannot_carry_the_request_is_not_called():
    """OpenAI's `n` asks for several answers: Anthropic's dialect has no such thing."""
    court = Court(Cascade(second=SECOND, open=True), request=inbound(dialect="openai", n=2))
    assert court.last == Finding("agreement", True, kind="failed")
    assert (court.rows, court.upstream.sent) == ([], [])


# ---- a learned verifier


def learned(threshold: float):
    made = small_artifact()
    own = load(dump(replace(made, training=replace(made.training, kind="verifier"))))
    return verifier(own, "v1", threshold=threshold)


def test_a_verifier_rejects_from_its_threshold_on_and_asks_nobody():
    score = learned(1.0).score(inbound().ask, Seen(chars=len(GOOD.text)))
    assert 0.0 < score < 1.0
    for threshold, good in ((score + 1e-9, True), (score, False)):
        court = Court(Cascade(verifier=learned(threshold)))
        assert court.last == Finding("verifier", good, round(score, 4))
        assert court.upstream.sent == []


# ---- a judge


@pytest.mark.parametrize(
    ("text", "least", "good"), [("5", 5, True), ("4", 5, False), ("4.", 4, True), ("1", 1, True)]
)
def test_a_draft_passes_from_the_least_grade_on(text, least, good):
    court = Court(Cascade(judge=SMALL, min_grade=least), chat(text))
    assert court.last == Finding("judge", good, float(text.strip(".")))


def test_the_judge_is_shown_the_request_and_the_draft_and_no_more_than_is_set():
    words = " ".join(f"word{number}" for number in range(1000))
    court = Court(
        Cascade(judge=SMALL, max_chars=200),
        chat("5"),
        draft=Draft(text=words, finish="stop"),
        request=inbound("Why? " * 1000),
    )
    ((_, body),) = court.upstream.sent
    shown = msgspec.json.decode(body)["messages"][-1]["content"]
    assert shown.startswith("<request>\nWhy?")
    assert "<answer>\nword0 word1" in shown
    assert shown.endswith("word998 word999\n</answer>")
    assert len(shown) < 300


@pytest.mark.parametrize("opens", [True, False])
@pytest.mark.parametrize(
    "came", [chat("7"), chat("good"), Came(b"{}", status=429), UpstreamError("No.", kind="connect")]
)
def test_a_judge_that_gives_no_grade_lets_the_draft_pass_or_not_as_the_cascade_says(came, opens):
    court = Court(Cascade(judge=SMALL, open=opens), came)
    assert court.last == Finding("judge", opens, kind="failed")
    assert [row.purpose for row in court.rows] == ["judge"]


def test_second_model_and_judge_share_one_time_limit():
    clock = Stopped()

    async def slowly() -> bytes:
        clock.at += 19.995
        return answer(GOOD.text)

    async def soon() -> bytes:
        await asyncio.sleep(0.5)
        return b"{}"

    court = Court(
        Cascade(second=SECOND, judge=SMALL, open=True), Came(slowly), Came(soon), clock=clock
    )
    assert court.checks == [*PLAIN, "agreement", "judge"]
    assert [row.error for row in court.rows] == [None, "timeout"], "5 ms were left for the judge"
