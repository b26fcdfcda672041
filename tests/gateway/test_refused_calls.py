"""driver: what comes of a call that is refused: mended, answered by another tier, or told."""

from __future__ import annotations

import json

import openai
import pytest

from headgate.gateway.driver import Driver
from headgate.routing.policies import Origin
from headgate.testing.server import Request, Response
from headgate.wire.lane import Easing
from tests.gateway.callers import Asked
from tests.gateway.clocks import Stopped
from tests.gateway.house import RULES, House, Instead, run, shape
from tests.gateway.leaping import run_leaping
from tests.gateway.plants import CHEAP, Came, answer, inbound, plant


def test_a_providers_own_error_reaches_the_caller_with_its_status_and_words():
    async def case(home: House):
        with pytest.raises(openai.NotFoundError, match="claude-none"):
            await home.ask("hi", model="anthropic/claude-none")
        (entry,) = home.entries
        assert shape(entry) == ("answer", "pinned", "first", 404, "status", False)

    run(case)


def test_a_retry_after_that_cannot_be_waited_for_is_passed_on():
    async def case(home: House):
        with pytest.raises(openai.RateLimitError) as caught:
            await home.ask("[[rate_limited]]", model="cheap")
        assert caught.value.response.headers["retry-after"] == "1"
        assert len(home.entries) == 1

    run(case, sets=("resilience.max_retry_after=0",))


@pytest.mark.parametrize("stream", [False, True])
def test_what_a_translation_left_out_is_named_to_the_caller(stream):
    async def case(home: House):
        body = {"model": "cheap", "messages": [{"role": "user", "content": "hi"}], "seed": 1}
        more = {"service_tier": "flex", "stream": stream}
        status, headers, _ = await home.post(json.dumps(body | more).encode())
        assert (status, headers["x-headgate-left-out"]) == (200, "seed, service_tier")
        status, headers, _ = await home.post(json.dumps(body | {"seed": None}).encode())
        assert (status, headers.get("x-headgate-left-out")) == (200, None)
        same = {"model": "google/gpt-5-mini", "service_tier": "flex"}
        status, headers, _ = await home.post(json.dumps(body | same).encode())
        assert (status, headers.get("x-headgate-left-out")) == (200, None)
        assert b'"seed":1' in home.seen[-1].body

    run(case, RULES)


def unable(model: bytes, field: bytes, message: str, param: str | None = None) -> Instead:
    """A model of either dialect that refuses every request with a field."""

    def refuse(dialect: str, request: Request) -> Response | None:
        if model not in request.body or field not in request.body:
            return None
        error = {"type": "invalid_request_error", "message": message, "param": param, "code": None}
        body = {"type": "error", "error": error} if dialect == "anthropic" else {"error": error}
        return Response(400, {"content-type": "application/json"}, json.dumps(body).encode())

    return refuse


THINKING = {"thinking": {"type": "adaptive"}, "max_tokens": 99}
NO_THINKING = unable(b"haiku", b"adaptive", "adaptive thinking is not supported on this model")


@pytest.mark.parametrize("stream", [False, True])
def test_what_a_routed_model_refuses_of_a_request_is_left_out_and_remembered(stream):
    async def case(home: House):
        body = {"model": "auto", "messages": [{"role": "user", "content": "hi"}], **THINKING}
        for attempts in ("2", "1"):  # the second request is not sent in vain
            status, headers, answer = await home.post(
                json.dumps(body | {"stream": stream}).encode(), "/v1/messages"
            )
            assert (status, headers["x-headgate-attempts"]) == (200, attempts)
            assert headers["x-headgate-left-out"] == "thinking"
            assert b"hi" in answer
        assert [entry.status for entry in home.entries] == [400, 200, 200]
        assert home.entries[0].cost_nano == 0
        status, headers, _ = await home.post(
            json.dumps(body | {"messages": [{"role": "user", "content": "prove"}]}).encode(),
            "/v1/messages",
        )
        assert (status, headers.get("x-headgate-left-out")) == (200, None)
        assert b"adaptive" in home.seen[-1].body, "the other model takes it"

    run(case, RULES, instead=NO_THINKING)


FLAGGED = {"model": "auto", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 99}
NAMED = "Unexpected value(s) {} for the `anthropic-beta` header. Please consult our documentation."


def choosy(says: str, takes: str = "ours good") -> Instead:
    """A model that takes these beta flags and refuses others, in such words."""

    def refuse(_: str, request: Request) -> Response | None:
        asked = filter(None, request.headers.get("anthropic-beta", "").replace(" ", "").split(","))
        others = ", ".join(f"`{flag}`" for flag in asked if flag not in takes.split())
        if b"haiku" not in request.body or not others:
            return None
        error = {"type": "invalid_request_error", "message": says.format(others)}
        body = json.dumps({"type": "error", "error": error}).encode()
        return Response(400, {"content-type": "application/json"}, body)

    return refuse


OURS = RULES.replace(
    'dialect = "anthropic"', 'dialect = "anthropic"\nheaders = {{ anthropic-beta = "ours" }}'
)


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_a_beta_flag_that_a_routed_model_refuses_is_left_out_alone_and_remembered(path):
    async def case(home: House):
        given = "anthropic-beta: good, bad-2026-01-01"
        body = {name: FLAGGED[name] for name in ("model", "messages")}
        if path == "/v1/messages":
            body = FLAGGED
        for attempts in ("2", "1"):
            status, headers, _ = await home.post(json.dumps(body).encode(), path, given)
            assert status == 200
            assert home.seen[-1].headers["anthropic-beta"] == "ours,good"
            if path == "/v1/messages":
                assert headers["x-headgate-attempts"] == attempts
                assert headers["x-headgate-left-out"] == "anthropic-beta=bad-2026-01-01"
            else:
                assert headers["x-headgate-token-count"] == "provider"

    run(case, OURS, instead=choosy(NAMED))


def test_flags_of_which_a_refusal_does_not_say_which_are_left_out_together():
    async def case(home: House):
        body = json.dumps(FLAGGED).encode()
        for flags, attempts, sent in (
            ("good,bad", "2", "ours"),
            ("bad,more,good", "2", "ours"),  # "more" is refused, too
            ("bad, good", "1", "ours"),
            ("good", "1", "ours,good"),  # it was not the reason
        ):
            given = f"anthropic-beta: {flags}"
            status, headers, _ = await home.post(body, "/v1/messages", given)
            assert (status, headers["x-headgate-attempts"]) == (200, attempts), flags
            assert home.seen[-1].headers["anthropic-beta"] == sent

    run(case, OURS, instead=choosy("invalid beta flag"))


def test_flags_of_the_operators_own_stay_and_the_caller_hears_of_them():
    async def case(home: House):
        given = "anthropic-beta: good"
        status, _, answer = await home.post(json.dumps(FLAGGED).encode(), "/v1/messages", given)
        assert status == 400
        assert b"`ours`" in answer

    run(case, OURS, instead=choosy(NAMED, takes="good"))


def test_a_caller_that_names_its_model_hears_of_its_flags():
    async def case(home: House):
        body = json.dumps(FLAGGED | {"model": "cheap"}).encode()
        status, _, answer = await home.post(body, "/v1/messages", "anthropic-beta: bad")
        assert (status, len(home.seen)) == (400, 1)
        assert b"`bad`" in answer

    run(case, OURS, instead=choosy(NAMED))


def test_what_is_remembered_of_a_model_has_an_end():
    made, _, _ = plant()
    made.heed(CHEAP.model, [Easing("top_p"), Easing("top_k", lasting=False)])
    for number in range(100):
        made.heed(CHEAP.model, [Easing("anthropic-beta", where=b"%d" % number)])
    known = made.eased[CHEAP.model]
    assert (known[0], len(known)) == (Easing("top_p"), 64)


def test_what_only_one_caller_asked_wrongly_is_asked_of_the_model_again():
    async def case(home: House):
        turns = [{"role": "user", "content": "hi"}]
        body = {"model": "auto", "messages": turns, "max_tokens": 99, "top_p": 0.5}
        status, headers, _ = await home.post(
            json.dumps(body | {"temperature": 1}).encode(), "/v1/messages"
        )
        assert (status, headers["x-headgate-left-out"]) == (200, "top_p")
        status, headers, _ = await home.post(json.dumps(body).encode(), "/v1/messages")
        assert (status, headers.get("x-headgate-left-out")) == (200, None)
        assert b"top_p" in home.seen[-1].body

    both = "`temperature` and `top_p` cannot both be specified for this model."

    def refuse(dialect: str, request: Request) -> Response | None:
        asked = b"top_p" if b"temperature" in request.body else b"no such field"
        return unable(b"haiku", asked, both)(dialect, request)

    run(case, RULES, instead=refuse)


def test_a_refusal_that_repeats_its_callers_words_takes_no_field_from_another_caller():
    async def case(home: House):
        turns = [{"role": "user", "content": "hi"}]
        body = {"model": "auto", "messages": turns, "max_tokens": 99, "temperature": 0.5}
        wrong = {"temperature is deprecated": 1}
        status, _, _ = await home.post(json.dumps(body | wrong).encode(), "/v1/messages")
        assert status == 400
        status, headers, _ = await home.post(json.dumps(body).encode(), "/v1/messages")
        assert (status, headers.get("x-headgate-left-out")) == (200, None)
        assert json.loads(home.seen[-1].body)["temperature"] == 0.5

    words = "temperature is deprecated: Extra inputs are not permitted"
    run(case, RULES, instead=unable(b"haiku", b"temperature is deprecated", words))


@pytest.mark.parametrize(("slow", "calls", "status"), [(0.4, 3, 200), (0.6, 2, 400), (1.0, 1, 400)])
def test_calls_that_are_made_again_have_the_time_of_one_together(slow, calls, status):
    clock = Stopped()

    def refusal(field: str) -> Came:
        async def late() -> bytes:
            clock.at += slow * CHEAP.timeout
            message = f"`{field}` is deprecated for this model."
            return json.dumps({"type": "error", "error": {"message": message}}).encode()

        return Came(late, status=400)

    async def case() -> None:
        made, upstream, kept = plant(
            refusal("top_k"), refusal("top_p"), Came(answer("Hi")), clock=clock
        )
        asked, request = Asked("POST"), inbound(top_k=5, top_p=0.5)
        policy = made.policies.all[0]
        driver = Driver(made, asked, request, "hg-1", Origin(), policy, clock.monotonic())
        await driver.run()
        assert asked.status == status
        assert len(upstream.sent) == len(kept.entries) == calls
        known = [easing.field for easing in made.eased.get(CHEAP.model, ())]
        assert known == (["top_k", "top_p"] if status == 200 else [])

    run_leaping(case())


def test_tokens_are_counted_of_what_would_be_sent():
    async def case(home: House):
        thinking = THINKING["thinking"]
        body = {"model": "auto", "messages": [{"role": "user", "content": "hi"}]}
        path = "/v1/messages/count_tokens"
        status, headers, _ = await home.post(
            json.dumps(body | {"thinking": thinking}).encode(), path
        )
        assert (status, headers["x-headgate-token-count"]) == (200, "provider")

    run(case, RULES, instead=NO_THINKING)


def test_a_caller_that_names_its_model_hears_what_it_refuses():
    async def case(home: House):
        body = {"model": "cheap", "messages": [{"role": "user", "content": "hi"}], **THINKING}
        status, _, answer = await home.post(json.dumps(body).encode(), "/v1/messages")
        assert status == 400
        assert b"adaptive thinking is not supported" in answer
        assert len(home.seen) == 1

    run(case, RULES, instead=NO_THINKING)


def test_a_limit_goes_by_the_name_that_the_model_knows():
    async def case(home: House):
        body = {"model": "auto", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 9}
        status, headers, _ = await home.post(json.dumps(body).encode())
        assert (status, headers.get("x-headgate-left-out")) == (200, None)
        assert json.loads(home.seen[-1].body)["max_completion_tokens"] == 9

    message = "Unsupported parameter: 'max_tokens' is not supported with this model."
    refuse = unable(b"gpt-5-mini", b'"max_tokens"', message, "max_tokens")
    cheap = 'model = "anthropic/claude-haiku-4-5"'
    run(case, RULES.replace(cheap, 'model = "google/gpt-5-mini"'), instead=refuse)


TOO_LONG = unable(b"haiku", b"[[long]]", "prompt is too long: 204810 tokens > 200000 maximum")


def test_a_request_that_is_too_long_for_the_chosen_model_goes_to_one_that_may_read_it():
    async def case(home: House):
        _, headers = await home.ask("hi [[long]]")
        assert (headers["x-headgate-tier"], headers["x-headgate-reason"]) == (
            "premium",
            "default, fallback",
        )
        assert [shape(entry) for entry in home.entries] == [
            ("answer", "cheap", "first", 400, "status", False),
            ("answer", "premium", "fallback", 200, None, True),
        ]

    run(case, RULES, instead=TOO_LONG)


def turning_away(status: int, model: bytes = b"haiku"):
    """A provider that does not serve us, or not this model."""

    def refuse(_: str, request: Request) -> Response | None:
        if model not in request.body:
            return None
        body = b'{"type": "error", "error": {"type": "an_error", "message": "Not for you."}}'
        return Response(status, {"content-type": "application/json"}, body)

    return refuse


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_what_is_between_the_provider_and_us_is_not_the_callers_fault(status):
    async def case(home: House):
        for _ in range(2):  # and the tier is asked again: this is no outage
            _, headers = await home.ask("hi")
            assert headers["x-headgate-reason"] == "default, fallback"
        assert [entry.status for entry in home.entries] == [status, 200] * 2
        with pytest.raises(openai.APIStatusError, match="Not for you") as caught:
            await home.ask("hi", model="cheap")
        assert caught.value.status_code == status

    run(case, RULES, instead=turning_away(status))


def test_what_only_this_provider_keeps_is_asked_of_no_other():
    async def case(home: House):
        with pytest.raises(openai.NotFoundError, match="Not for you"):
            await home.client.responses.create(
                model="auto", input="hi", previous_response_id="resp_1"
            )
        assert len(home.entries) == 1

    tiers = RULES.replace("anthropic/claude-haiku-4-5", "responses/gpt-5-mini")
    run(case, tiers, instead=turning_away(404, b"gpt-5-mini"))


def test_a_request_that_is_wrong_is_wrong_for_every_tier():
    async def case(home: House):
        with pytest.raises(openai.APIStatusError, match="Not for you"):
            await home.ask("hi")
        assert len(home.entries) == 1

    run(case, RULES, instead=turning_away(422))


def test_who_names_the_model_hears_that_it_is_too_long():
    async def case(home: House):
        with pytest.raises(openai.BadRequestError, match="prompt is too long"):
            await home.ask("hi [[long]]", model="cheap")
        assert len(home.entries) == 1

    run(case, RULES, instead=TOO_LONG)


def test_where_no_other_may_read_it_the_caller_hears_the_last_ones_words():
    async def case(home: House):
        with pytest.raises(openai.BadRequestError, match="prompt is too long"):
            await home.ask("hi [[long]]")
        assert [entry.tier for entry in home.entries] == ["cheap", "premium"]

    run(case, RULES, instead=unable(b"claude", b"[[long]]", "prompt is too long: 3 > 2 maximum"))


@pytest.mark.parametrize("stream", [False, True])
def test_what_the_provider_calls_a_call_is_told_and_stands_in_the_log(stream, caplog):
    async def case(home: House):
        body = {"messages": [{"role": "user", "content": "hi"}], "stream": stream}
        name = "x-headgate-provider-request-id"
        asked = json.dumps({"model": "google/gpt-5-mini", **body}).encode()
        _, headers, _ = await home.post(asked)
        assert headers[name].startswith("req_0")
        asked = json.dumps({"model": "google/none", **body}).encode()
        status, headers, _ = await home.post(asked)
        assert status == 404
        assert f"there {headers[name]}" in caplog.text
        assert headers[name] != headers["x-request-id"]

    run(case, RULES)


def test_a_name_that_not_every_header_could_hold_is_not_told():
    async def case(home: House):
        with pytest.raises(openai.RateLimitError) as caught:
            await home.ask("hi", model="google/gpt-5-mini")
        assert "x-headgate-provider-request-id" not in caught.value.response.headers

    headers = {"x-request-id": "é", "x-should-retry": "false"}
    run(case, RULES, instead=refusing(headers, b"gpt-5-mini"))


def refusing(headers: dict[str, str], model: bytes = b"claude"):
    """A provider of such models that refuses all calls for the moment, in these words."""

    def refuse(_: str, request: Request) -> Response | None:
        if model not in request.body:
            return None
        body = b'{"type": "error", "error": {"type": "rate_limit_error", "message": "No."}}'
        return Response(429, {"content-type": "application/json", **headers}, body)

    return refuse


def test_a_provider_that_says_not_to_try_again_is_not_asked_again_nor_by_the_callers_sdk():
    async def case(home: House):
        with pytest.raises(openai.RateLimitError):
            await home.client.with_options(max_retries=2).chat.completions.create(
                model="cheap", messages=[{"role": "user", "content": "hi"}]
            )
        assert len(home.entries) == 1

    run(case, RULES, instead=refusing({"x-should-retry": "false", "retry-after": "0"}))


def test_another_tier_answers_all_the_same():
    async def case(home: House):
        _, headers = await home.ask("hi")
        assert headers["x-headgate-reason"] == "default, fallback"
        assert [entry.cause for entry in home.entries] == ["first", "fallback"]

    run(case, RULES, instead=refusing({"x-should-retry": "false"}, b"haiku"))


def test_a_wait_in_milliseconds_is_waited_for_and_told():
    async def case(home: House):
        with pytest.raises(openai.RateLimitError) as caught:
            await home.ask("hi", model="cheap")
        headers = caught.value.response.headers
        assert (headers["retry-after-ms"], headers["retry-after"]) == ("2", "900")
        assert len(home.entries) > 1  # the whole seconds would be too long

    run(case, RULES, instead=refusing({"retry-after-ms": "2", "retry-after": "900"}))
