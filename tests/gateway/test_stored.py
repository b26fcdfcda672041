"""stored: answers that providers have stored are asked for again, by whoever has asked before."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import openai
import pytest

from headgate.access.limits import Limits
from headgate.gateway.stored import before, elsewhere, own
from headgate.ledger.store import StoreError
from headgate.testing.server import Request, Response
from tests.gateway.house import RULES, House, house
from tests.gateway.leaping import run_leaping
from tests.gateway.test_admission import KEYED, Keys, limited
from tests.gateway.test_admission import run as run_keyed
from tests.ledger.samples import entry

STORING = RULES.replace("anthropic/claude-haiku-4-5", "responses/gpt-5-mini")
"""The cheap tier is at a provider that stores, the premium one is not."""
MODEL = "responses/gpt-5"
PRICED = STORING + "".join(
    f'[prices."responses/{name}"]\ninput = "1"\noutput = "2"\n' for name in ("gpt-5", "gpt-5-mini")
)
JSON = {"content-type": "application/json", "x-request-id": "there-1"}


class Keeper:
    """A provider that stores its answers, and knows what was asked of it."""

    def __init__(self) -> None:
        self.answers: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []

    def __call__(self, dialect: str, request: Request) -> Response | None:
        if dialect != "openai-responses":
            return None
        query = request.query and f"?{request.query}"
        self.asked.append(f"{request.method} {request.path}{query}")
        path = request.path.removeprefix("/v1/responses")
        if not path:
            return self._make(json.loads(request.body))
        assert (request.body, request.headers["authorization"]) == (b"", "Bearer gm-canary")
        answer_id, _, part = path[1:].partition("/")
        if answer_id not in self.answers:
            return self._told({"error": {"message": "gone", "code": "not_found"}}, 404)
        return self._of(request, answer_id, part)

    def _of(self, request: Request, answer_id: str, part: str) -> Response:
        found = self.answers[answer_id]
        if "stream=true" in request.query:
            return Response(200, {"content-type": "text/event-stream"}, self._events(found))
        if request.method == "DELETE":
            del self.answers[answer_id]
            return self._told({"id": answer_id, "object": "response", "deleted": True})
        if part == "input_items":
            return self._told({"object": "list", "data": [], "has_more": False})
        if part == "cancel":
            found["status"] = "cancelled"
        return self._told(found)

    def _make(self, asked: dict[str, Any]) -> Response:
        before = asked.get("previous_response_id")
        if before is not None and before not in self.answers:
            return self._told({"error": {"message": "no such", "param": "p"}}, 400)
        text = f"after {before}" if before else "said"
        content = [{"type": "output_text", "text": text, "annotations": []}]
        message = {"type": "message", "id": "msg_1", "role": "assistant", "content": content}
        background = bool(asked.get("background"))
        answer = {
            "id": f"resp_{len(self.answers)}",
            "object": "response",
            "created_at": 1,
            "model": asked["model"],
            "status": "queued" if background else "completed",
            "output": [] if background else [{**message, "status": "completed"}],
            "usage": None if background else {"input_tokens": 4, "output_tokens": 2},
        }
        self.answers[str(answer["id"])] = answer
        return self._told(answer)

    async def _events(self, answer: dict[str, Any]):
        event = json.dumps({"type": "response.completed", "response": answer})
        yield f"event: response.completed\ndata: {event}\n\n".encode()

    def _told(self, body: dict[str, Any], status: int = 200) -> Response:
        return Response(status, JSON, json.dumps(body).encode())


def run(case, config: str = STORING, **more):
    keeper = Keeper()

    async def main():
        async with house(config, instead=keeper, **more) as made:
            await case(made, keeper)

    run_leaping(main())


def test_a_stored_answer_is_fetched_listed_cancelled_and_deleted_where_it_was_made():
    async def case(home: House, keeper: Keeper):
        answers = home.client.responses
        made = await answers.create(model=MODEL, input="hi", background=True)
        assert home.entries[0].answer_id == made.id == "resp_0"
        raw = await answers.with_raw_response.retrieve(made.id, include=["reasoning"])  # type: ignore[list-item]
        assert raw.parse().status == "queued"
        assert raw.headers["x-headgate-request-id"] == home.entries[0].request_id
        assert raw.headers["x-headgate-model"] == MODEL
        assert raw.headers["x-headgate-provider-request-id"] == "there-1"
        items = await answers.input_items.list(made.id, limit=3, order="asc")
        assert items.data == []
        assert (await answers.cancel(made.id)).status == "cancelled"
        await answers.delete(made.id)
        with pytest.raises(openai.NotFoundError, match="gone"):  # the provider's own words
            await answers.retrieve(made.id)
        assert keeper.asked[1:] == [
            "GET /v1/responses/resp_0?include%5B%5D=reasoning",
            "GET /v1/responses/resp_0/input_items?limit=3&order=asc",
            "POST /v1/responses/resp_0/cancel",
            "DELETE /v1/responses/resp_0",
            "GET /v1/responses/resp_0",
        ]
        assert len(home.entries) == 1  # what costs nothing has no row

    run(case)


def test_a_head_is_answered_as_a_get_without_its_body():
    async def case(home: House, keeper: Keeper):
        made = await home.client.responses.create(model=MODEL, input="hi")
        head = f"HEAD /v1/responses/{made.id} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
        status, headers, body = await home.raw(head.encode())
        assert (status, headers["x-headgate-model"], body) == (200, MODEL, b"")
        assert keeper.asked[1:] == [f"GET /v1/responses/{made.id}"]

    run(case)


def test_a_stored_answer_is_streamed_once_more():
    async def case(home: House, _: Keeper):
        made = await home.client.responses.create(model=MODEL, input="hi")
        events = await home.client.responses.retrieve(made.id, stream=True, starting_after=3)
        assert [event.type async for event in events] == ["response.completed"]

    run(case)


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ({"model": MODEL}, True),
        ({"model": MODEL, "store": True}, True),
        ({"model": MODEL, "store": False}, False),
        ({"model": "premium"}, False),  # translated: stored nowhere
    ],
)
def test_only_what_a_provider_has_stored_has_an_id_in_the_ledger(asked, kept):
    async def case(home: House, _: Keeper):
        made = await home.client.responses.create(input="hi", **asked)
        assert home.entries[-1].answer_id == (made.id if kept else None)
        await home.ask("hi", model=MODEL)
        assert home.entries[-1].answer_id is None  # chat completions

    run(case)


def test_what_is_made_in_the_background_has_an_unknown_cost_and_never_none():
    async def case(home: House, _: Keeper):
        made = await home.client.responses.with_raw_response.create(
            model=MODEL, input="hi", background=True
        )
        (row,) = home.entries
        assert (row.cost_nano, row.premium_nano, row.usage_source) == (None, None, "estimated")
        assert (row.usage.output, row.card is not None) == (0, True)
        assert "x-headgate-cost-usd" not in made.headers
        await home.client.responses.create(model=MODEL, input="hi", background=False)
        assert home.entries[-1].cost_nano

    run(case, PRICED)


def test_a_key_with_a_budget_asks_for_nothing_in_the_background_unless_that_is_allowed():
    keeper = Keeper()

    async def refused(home: House):
        for model in ("auto", MODEL):
            with pytest.raises(openai.PermissionDeniedError) as caught:
                await home.client.responses.create(model=model, input="hi", background=True)
            assert (caught.value.code, caught.value.param) == ("unpriced_model", "background")
        assert keeper.asked == []
        await home.client.responses.create(model=MODEL, input="hi", background=False)

    async def allowed(home: House):
        await home.client.responses.create(model=MODEL, input="hi", background=True)
        assert home.entries[-1].cost_nano is None

    keyed = PRICED + KEYED.removeprefix(RULES)
    run_keyed(refused, Keys(limited("5/day")), keyed, instead=keeper)
    keyed += 'on_unpriced = "allow"\n'
    run_keyed(allowed, Keys(limited("5/day")), keyed, instead=keeper)


def test_a_stream_s_answer_is_found_too():
    async def case(home: House):
        async with home.client.responses.stream(model=MODEL, input="hi") as out:
            made = await out.get_final_response()
        assert home.entries[-1].answer_id == made.id

    async def main():
        async with house(STORING) as made:
            await case(made)

    run_leaping(main())


@pytest.mark.parametrize("answer_id", ["resp_9", "x" * 201, "..%2Fchat", "resp_0%0d%0a"])
def test_an_answer_that_was_never_given_is_not_there(answer_id):
    async def case(home: House, keeper: Keeper):
        await home.client.responses.create(model=MODEL, input="hi")
        status, _, body = await home.raw(
            f"GET /v1/responses/{answer_id} HTTP/1.1\r\nhost: h\r\nauthorization: Bearer gate-key"
            "\r\nconnection: close\r\n\r\n".encode()
        )
        assert (status, json.loads(body)["error"]["code"]) == (404, "not_found")
        assert len(keeper.asked) == 1

    run(case)


def test_a_provider_that_is_no_longer_set_up_is_named():
    async def case(home: House, _: Keeper):
        made = await home.client.responses.create(model=MODEL, input="hi")
        home.kept.entries[0] = entry(answer_id=made.id, provider="gone", key=None)
        with pytest.raises(openai.NotFoundError, match="`gone`"):
            await home.client.responses.retrieve(made.id)

    run(case)


def test_the_next_turn_goes_to_the_provider_that_has_stored_the_one_before():
    async def case(home: House, _: Keeper):
        ask = home.client.responses.with_raw_response.create
        first = await ask(model="auto", input="hi")
        assert first.headers["x-headgate-tier"] == "cheap"
        second = await ask(model="auto", input="prove it", previous_response_id=first.parse().id)
        assert second.headers["x-headgate-tier"] == "cheap"
        assert second.headers["x-headgate-reason"] == "guard:stored-elsewhere"
        assert second.parse().output_text == "after resp_0"

    run(case, sets=("sessions.enabled=false",))  # nothing is remembered, as after a restart


def test_where_no_tier_is_at_that_provider_the_request_is_refused():
    async def case(home: House, keeper: Keeper):
        made = await home.client.responses.create(model=MODEL, input="hi")
        with pytest.raises(openai.BadRequestError, match="No tier that may answer") as caught:
            await home.client.responses.create(
                model="auto", input="go on", previous_response_id=made.id
            )
        assert caught.value.param == "previous_response_id"
        again = await home.client.responses.create(
            model=MODEL, input="go on", previous_response_id=made.id
        )
        assert again.output_text == "after resp_0"
        assert len(keeper.asked) == 2

    run(case, RULES)


def test_another_key_s_answer_can_be_neither_had_nor_gone_on_with():
    keys, keeper = Keys(), Keeper()

    async def case(home: House):
        made = await home.client.responses.create(model=MODEL, input="hi")
        theirs = home.entries[0]
        assert theirs.key == keys.id
        assert (await home.client.responses.retrieve(made.id)).id == made.id
        home.kept.entries[0] = entry(answer_id=made.id, provider="responses", key="other")
        asked = len(keeper.asked)
        for method in ("retrieve", "cancel", "delete"):
            with pytest.raises(openai.NotFoundError):
                await getattr(home.client.responses, method)(made.id)
        for model in ("auto", MODEL):
            with pytest.raises(openai.BadRequestError) as caught:
                await home.client.responses.create(
                    model=model, input="go on", previous_response_id=made.id
                )
            assert caught.value.code == "previous_response_not_found"
        assert len(keeper.asked) == asked

    run_keyed(case, keys, STORING + KEYED.removeprefix(RULES), instead=keeper)


def test_asking_for_stored_answers_counts_among_a_key_s_requests():
    keys, keeper = Keys(Limits(requests_per_minute=3)), Keeper()

    async def case(home: House):
        made = await home.client.responses.create(model=MODEL, input="hi")
        await home.client.responses.retrieve(made.id)
        await home.client.responses.retrieve(made.id)
        with pytest.raises(openai.RateLimitError):
            await home.client.responses.retrieve(made.id)

    run_keyed(case, keys, STORING + KEYED.removeprefix(RULES), instead=keeper)


def test_a_row_that_is_still_on_its_way_is_waited_for_and_no_longer_than_needed():
    looked: list[str] = []

    def look(answer_id: str):
        looked.append(answer_id)
        return [entry(answer_id=answer_id)] if len(looked) == 3 else []

    async def case():
        assert (await own(look, "resp_1", None)).answer_id == "resp_1"
        assert len(looked) == 3

    run_leaping(case())


def test_while_the_ledger_is_away_a_turn_is_the_provider_s_to_judge():
    def look(_: str):
        raise StoreError("away")

    async def case():
        assert await before(look, "resp_1", "k") is None
        with pytest.raises(StoreError):
            await own(look, "resp_1", "k")

    run_leaping(case())


def test_of_two_answers_with_one_id_each_key_has_its_own():
    mine, theirs = entry(key="k1", provider="a"), entry(key="k2", provider="b")

    async def case():
        assert await own(lambda _: [theirs, mine], "resp_1", "k1") is mine
        assert await before(lambda _: [theirs, mine], "resp_1", "k2") is theirs

    asyncio.run(case())


def test_the_tiers_of_other_providers_are_closed_beside_those_that_were():
    async def case(home: House, _: Keeper):
        policies = home.app.plant.policies
        assert elsewhere(policies, "responses", {}) == {"premium": "stored-elsewhere"}
        assert elsewhere(policies, "anthropic", {}) == {"cheap": "stored-elsewhere"}
        with pytest.raises(Exception, match="No tier"):
            elsewhere(policies, "responses", {"cheap": "key"})

    run(case)
