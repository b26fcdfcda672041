"""admission: keys, limits and budgets through real sockets, for every API and both SDKs."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import anthropic
import openai
import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from headgate.access.key import Key, Team, digest, mint
from headgate.access.limits import NO_LIMITS, Limits, budget
from headgate.gateway.paths import PASSED
from headgate.ledger.keys_memory import MemoryKeys
from headgate.ledger.store import StoreError
from tests.gateway.callers import injections
from tests.gateway.house import ENV, RULES, House, house
from tests.gateway.leaping import run_leaping

KEYED = RULES + '[keys]\nrequired = true\npepper_env = "PEPPER"\n'
CHEAP, PREMIUM = "anthropic/claude-haiku-4-5", "anthropic/claude-sonnet-4-6"


class Keys:
    """A key store with one key in it, and its secret."""

    def __init__(self, limits: Limits = NO_LIMITS, team: Team | None = None) -> None:
        minted = mint(os.urandom(38))
        self.secret, self.id = minted.secret, minted.id
        self.store = MemoryKeys()
        self.key = Key(
            id=minted.id,
            name="k",
            team=None if team is None else team.name,
            digest=digest(ENV["PEPPER"].encode(), minted.secret),
            limits=limits,
            created_us=0,
        )
        self.store.put_key(self.key)
        if team is not None:
            self.store.put_team(team)

    @property
    def spent(self) -> int:
        return self.store.spending(f"key:{self.id}")[0].spent

    def openai(self, home: House) -> AsyncOpenAI:
        return AsyncOpenAI(base_url=f"{home.url}/v1", api_key=self.secret, max_retries=0)

    def claude(self, home: House) -> AsyncAnthropic:
        return AsyncAnthropic(base_url=home.url, api_key=self.secret, max_retries=0)


def run(case, keys: Keys, config: str = KEYED, **more):
    async def main():
        async with (
            house(config, store=keys.store, **more) as home,
            keys.openai(home) as home.client,
            keys.claude(home) as home.claude,
        ):
            return await case(home)

    return run_leaping(main())


def bill(home: House) -> int:
    return sum(entry.cost_nano or 0 for entry in home.entries)


def limited(*budgets: str, **more) -> Limits:
    return Limits(budgets=tuple(map(budget, budgets)), **more)


async def everything(home: House) -> None:
    """One call of each API that costs something, streamed or not."""
    hi: Any = [{"role": "user", "content": "hi"}]
    await home.ask("hi", max_tokens=50)
    stream: Any = await home.client.chat.completions.create(
        model="auto", messages=hi, stream=True, max_tokens=50
    )
    async for _ in stream:
        pass
    await home.client.responses.create(model="auto", input="hi", max_output_tokens=50)
    await home.claude.messages.create(model="auto", max_tokens=50, messages=hi)
    async with home.claude.messages.stream(model="auto", max_tokens=50, messages=hi) as answer:
        await answer.get_final_message()
    await home.client.embeddings.create(model="google/embedder", input="hi")


PRICED = '[prices."google/embedder"]\ninput = "0.10"\noutput = "0.00"\n'


def test_every_api_is_paid_for_and_counting_tokens_is_free():
    keys = Keys(limited("5/day", "50/month"))

    async def case(home: House):
        await home.claude.messages.count_tokens(
            model="auto", messages=[{"role": "user", "content": "hi"}]
        )
        await everything(home)
        return bill(home), home.entries

    cost, entries = run(case, keys, KEYED + PRICED)
    assert len(entries) == 6
    assert {(entry.key, entry.team) for entry in entries} == {(keys.id, None)}
    assert [one.spent for one in keys.store.spending(f"key:{keys.id}")] == [cost, cost]
    assert all(one.held == 0 for one in keys.store.spending(f"key:{keys.id}"))


def test_money_for_a_dearer_service_tier_is_set_aside_where_it_is_asked_for():
    """A thousand tokens of GPT-5 mini cost $0.002, and $0.0036 in `priority`."""
    keys = Keys(limited("0.003/day"))

    async def case(home: House):
        pinned: Any = {"model": "google/gpt-5-mini", "max_tokens": 1000}
        with pytest.raises(openai.RateLimitError) as caught:
            await home.ask("hi", service_tier="priority", **pinned)
        assert "this request may cost up to $0.0036" in str(caught.value)
        assert home.entries == []
        await home.ask("hi", service_tier="default", **pinned)
        await home.ask("hi", service_tier="flex", **pinned)
        assert len(home.entries) == 2

    run(case, keys, KEYED.replace("[providers.google]", '[providers.google]\nprices = "openai"'))


@pytest.mark.parametrize("several", ["3", " 3 ", 3.0, "+3"])
def test_money_is_set_aside_for_all_answers_however_their_number_is_written(several: Any):
    """A thousand tokens of GPT-5 mini cost $0.002; some providers take `n` as text."""
    keys = Keys(limited("0.005/day"))

    async def case(home: House):
        pinned: Any = {"model": "google/gpt-5-mini", "max_tokens": 1000}
        with pytest.raises(openai.RateLimitError) as caught:
            await home.ask("hi", extra_body={"n": several}, **pinned)
        assert "this request may cost up to $0.0060" in str(caught.value)
        with pytest.raises(openai.BadRequestError) as wrong:
            await home.ask("hi", extra_body={"n": "several"}, **pinned)
        assert (wrong.value.code, wrong.value.param) == ("invalid_value", "n")
        assert home.entries == []
        await home.ask("hi", extra_body={"n": None}, **pinned)
        await home.ask("hi", **pinned)
        assert len(home.entries) == 2

    run(case, keys, KEYED.replace("[providers.google]", '[providers.google]\nprices = "openai"'))


def test_a_spent_budget_refuses_every_api_in_its_own_dialect():
    keys = Keys(limited("0/day"))

    async def case(home: House):
        with pytest.raises(openai.RateLimitError) as caught:
            await home.ask("hi")
        assert caught.value.code == "budget_exhausted"
        headers = caught.value.response.headers
        assert int(headers["retry-after"]) > 0
        assert "may spend $0 a day" in str(caught.value)
        with pytest.raises(openai.RateLimitError):
            await home.client.responses.create(model="auto", input="hi")
        with pytest.raises(anthropic.RateLimitError) as refused:
            await home.claude.messages.create(
                model="auto", max_tokens=5, messages=[{"role": "user", "content": "hi"}]
            )
        assert json.loads(refused.value.response.text)["error"]["type"] == "rate_limit_error"
        with pytest.raises(openai.RateLimitError):
            await home.client.embeddings.create(model="google/embedder", input="hi")
        counted = await home.claude.messages.count_tokens(
            model="auto", messages=[{"role": "user", "content": "hi"}]
        )
        assert counted.input_tokens > 0
        assert home.entries == []

    run(case, keys, KEYED + PRICED)


def test_official_sdks_do_not_ask_again_where_waiting_takes_longer_than_a_minute():
    keys = Keys(limited("0/month"))

    async def case(home: House):
        patient = home.client.with_options(max_retries=3)
        with pytest.raises(openai.RateLimitError) as caught:
            await patient.chat.completions.create(
                model="auto", messages=[{"role": "user", "content": "hi"}]
            )
        assert caught.value.response.headers["x-should-retry"] == "false"

    run(case, keys)


def test_a_team_pays_with_its_key():
    keys = Keys(team=Team(name="search", limits=limited("5/week")))

    async def case(home: House):
        await home.ask("hi")
        (entry,) = home.entries
        assert (entry.key, entry.team) == (keys.id, "search")
        return entry.cost_nano

    cost = run(case, keys)
    assert keys.store.spending("team:search")[0].spent == cost


def test_requests_under_way_reserve_the_worst_case():
    keys = Keys(limited("0.001/day"))

    async def case(home: House):
        with pytest.raises(openai.RateLimitError, match="may cost up to"):
            await home.ask("hi", max_tokens=4000)
        await home.ask("hi", max_tokens=20)

    run(case, keys)


def test_no_race_spends_more_than_there_is():
    keys = Keys(limited("0.01/day"))

    async def case(home: House):
        async def one() -> bool:
            try:
                await home.ask("hi", max_tokens=60)
            except openai.RateLimitError:
                return False
            return True

        served = await asyncio.gather(*(one() for _ in range(150)))
        return sum(served), bill(home)

    served, cost = run(case, keys)
    assert 0 < served < 150
    assert cost <= 10_000_000
    assert keys.spent == cost


def test_requests_and_tokens_a_minute():
    keys = Keys(Limits(requests_per_minute=2))

    async def case(home: House):
        await home.ask("hi")
        await home.ask("hi")
        with pytest.raises(openai.RateLimitError) as caught:
            await home.ask("hi")
        assert caught.value.code == "rate_limit_exceeded"
        assert 1 <= int(caught.value.response.headers["retry-after"]) <= 30

    run(case, keys)
    keys = Keys(Limits(tokens_per_minute=30))

    async def talk(home: House):
        await home.ask("a rather long question that takes some tokens " * 4)
        with pytest.raises(openai.RateLimitError, match="30 tokens a minute") as caught:
            await home.ask("hi")
        assert caught.value.response.headers["x-ratelimit-remaining-tokens"] == "0"

    run(talk, keys)


def test_what_is_left_is_told_once_it_is_less_than_half_in_the_words_of_the_api():
    keys = Keys(
        Limits(requests_per_minute=600, tokens_per_minute=60_000),
        Team(name="t", created_us=0, limits=Limits(requests_per_minute=6)),
    )

    async def case(home: House):
        for _ in range(3):
            _, headers = await home.ask("hi")
            assert not any("ratelimit" in name for name in headers)
        _, headers = await home.ask("hi")
        assert headers["x-ratelimit-limit-requests"] == "6", "the team's are fewer"
        assert headers["x-ratelimit-remaining-requests"] == "2"
        assert 1 <= int(headers["x-ratelimit-reset-requests"].removesuffix("s")) <= 40
        assert headers["x-ratelimit-limit-tokens"] == "60000"
        async with keys.claude(home) as claude:
            raw = await claude.messages.with_raw_response.create(
                model="auto", max_tokens=20, messages=[{"role": "user", "content": "hi"}]
            )
        assert raw.headers["anthropic-ratelimit-requests-remaining"] == "1"
        assert raw.headers["anthropic-ratelimit-tokens-reset"].endswith("Z")
        assert not any(name.startswith("x-ratelimit") for name in raw.headers)
        stream = await home.client.chat.completions.with_raw_response.create(
            model="auto", stream=True, messages=[{"role": "user", "content": "hi"}]
        )
        assert stream.headers["x-ratelimit-remaining-requests"] == "0"
        assert [chunk async for chunk in stream.parse()]

    run(case, keys)
    free = Keys()

    async def silent(home: House):
        _, headers = await home.ask("hi")
        assert not any("ratelimit" in name for name in headers)

    run(silent, free)


PERMISSIONS = [
    (Limits(pin=False), "cheap", "pin_not_allowed"),
    (Limits(pin=False), CHEAP, "pin_not_allowed"),
    (Limits(tiers=("cheap",)), "premium", "tier_not_allowed"),
    (Limits(tiers=("cheap",)), PREMIUM, "tier_not_allowed"),
    (Limits(tiers=("cheap",)), "google/gpt-5-mini", "tier_not_allowed"),
    (Limits(models=("google/*",)), "premium", "model_not_allowed"),
    (Limits(models=("anthropic/*",)), "google/gpt-5-mini", "model_not_allowed"),
    (Limits(models=("google/*",)), "auto", "tier_not_allowed"),
    (Limits(policies=("auto:careful",)), "auto", "policy_not_allowed"),
]


@pytest.mark.parametrize(("limits", "model", "code"), PERMISSIONS)
def test_what_is_not_open_to_a_key_is_refused_before_anything_is_called(limits, model, code):
    keys = Keys(limits)

    async def case(home: House):
        with pytest.raises(openai.PermissionDeniedError) as caught:
            await home.ask("hi", model=model)
        assert caught.value.code == code
        assert home.entries == []
        with pytest.raises(anthropic.PermissionDeniedError):
            await home.claude.messages.count_tokens(
                model=model, messages=[{"role": "user", "content": "hi"}]
            )

    run(case, keys)


def test_a_barred_tier_never_answers_and_the_reason_says_why():
    keys = Keys(Limits(tiers=("cheap",)))

    async def case(home: House):
        answer, headers = await home.ask("prove it")
        assert answer.choices[0].message.content == "prove it"
        assert headers["x-headgate-tier"] == "cheap"
        assert headers["x-headgate-reason"] == "guard:key"
        assert [entry.reason for entry in home.entries] == ["guard:key"]

    run(case, keys)


def test_models_lists_what_is_open_to_the_key():
    keys = Keys(Limits(tiers=("cheap",)))

    async def case(home: House):
        return [model.id async for model in home.client.models.list()]

    assert run(case, keys) == ["auto", "cheap", CHEAP]


def test_an_embedding_model_must_be_open_too():
    keys = Keys(Limits(models=("anthropic/*",)))

    async def case(home: House):
        with pytest.raises(openai.PermissionDeniedError):
            await home.client.embeddings.create(model="google/embedder", input="hi")

    run(case, keys)


def test_an_unknown_price_is_refused_or_let_through_but_never_counted_as_nothing():
    config = KEYED.replace(CHEAP, "google/gpt-unheard-of")
    keys = Keys(limited("1/day"))

    async def refusing(home: House):
        with pytest.raises(openai.PermissionDeniedError) as caught:
            await home.ask("hi")
        assert caught.value.code == "unpriced_model"
        assert "google/gpt-unheard-of" in str(caught.value)

    run(refusing, keys, config)

    async def allowing(home: House):
        with pytest.raises(openai.NotFoundError):  # the simulated provider does not have it
            await home.ask("hi", model="cheap")  # pinned: no other tier answers for it

    run(allowing, keys, config + 'on_unpriced = "allow"\n')


def test_a_change_of_a_key_is_seen_while_the_gateway_runs():
    keys = Keys()

    async def case(home: House):
        await home.ask("hi")
        keys.store.put_key(
            Key(id=keys.id, name="k", digest=keys.key.digest, created_us=0, revoked_us=1)
        )
        with pytest.raises(openai.AuthenticationError) as caught:  # noqa: PT012 - within 5 s
            for _ in range(50):
                await asyncio.sleep(0.1)
                await home.ask("hi")
        assert caught.value.code == "key_revoked"

    run(case, keys)


class AwayAtFirst(MemoryKeys):
    """Does not answer the first time."""

    asked = 0

    def version(self) -> int:
        self.asked += 1
        if self.asked == 1:
            raise StoreError("The ledger does not answer.")
        return super().version()


def test_a_gateway_that_starts_while_its_keys_cannot_be_read_serves_them_once_they_can():
    keys, store = Keys(), AwayAtFirst()
    keys.store = store
    store.put_key(keys.key)

    async def case(home: House):
        with pytest.raises(openai.InternalServerError) as caught:
            await home.ask("hi")
        assert caught.value.code == "keys_unavailable"
        for _ in range(50):
            await asyncio.sleep(0.1)
            if store.asked > 1:
                break
        await asyncio.sleep(0.1)
        await home.ask("hi")

    run(case, keys)


ENDPOINTS = [
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/responses"),
    ("POST", "/v1/messages"),
    ("POST", "/v1/messages/count_tokens"),
    ("POST", "/v1/embeddings"),
    *(("POST", path) for path in PASSED),
    ("GET", "/v1/responses/resp_1"),
    ("DELETE", "/v1/responses/resp_1"),
    ("GET", "/v1/responses/resp_1/input_items"),
    ("POST", "/v1/responses/resp_1/cancel"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/auto"),
]


def test_every_endpoint_refuses_everyone_without_a_key_and_every_injection_alike():
    keys = Keys()

    async def case(home: House):
        for method, path in ENDPOINTS:
            answers = set()
            frauds = [text for text in injections(30) if text.isprintable() and text.isascii()]
            for text in ["", *frauds, f"Bearer {keys.secret}x", "Bearer gate-key"]:
                head = f"{method} {path} HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n"
                head += f"authorization: {text}\r\nconnection: close\r\n\r\n"
                status, _, body = await home.raw(head.encode() + b"{}")
                answers.add((status, body))
            ((status, body),) = answers
            assert status == 401, path
            assert b"missing or not valid" in body
        for path in ("/healthz", "/readyz"):
            status, _, _ = await home.raw(
                f"GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n".encode()
            )
            assert status == 200
        assert home.entries == []

    run(case, keys)
