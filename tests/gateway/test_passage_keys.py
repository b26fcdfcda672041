"""passage: what a key may ask for of what is passed through, and what its budgets pay."""

from __future__ import annotations

import openai
import pytest

from headgate.access.limits import Limits, budget
from tests.gateway.house import House, until
from tests.gateway.passages import (
    FREE,
    MODEL,
    PRICED,
    embed,
    generate,
    moderate,
    only,
    say,
    say_in_events,
    transcribe,
    transcribe_as_text,
)
from tests.gateway.test_admission import KEYED, Keys
from tests.gateway.test_admission import run as run_keyed


@pytest.mark.parametrize("ask", [generate, moderate, say, transcribe])
def test_a_model_must_be_open_to_the_key(ask):
    async def case(home: House):
        with pytest.raises(openai.PermissionDeniedError) as caught:
            await ask(home)
        assert caught.value.code == "model_not_allowed"

    run_keyed(case, Keys(Limits(models=("anthropic/*",))))


@pytest.mark.parametrize("ask", [generate, moderate, say_in_events, transcribe])
def test_a_budget_pays_for_what_tells_its_cost(ask):
    keys = Keys(Limits(budgets=(budget("5/day"),)))

    async def case(home: House):
        await ask(home)
        cost = only(home).cost_nano
        assert cost
        await until(lambda: keys.spent == cost)

    run_keyed(case, keys, KEYED + PRICED)


@pytest.mark.parametrize(
    ("ask", "prices", "words"),
    [
        (generate, "", "price of google/media is not known"),
        (moderate, "", "price of google/media is not known"),
        (say, "", "price of google/media is not known"),
        (say, PRICED, "cannot be told from its answer"),
        (transcribe_as_text, PRICED, "cannot be told from its answer"),
    ],
)
def test_a_key_with_a_budget_may_not_ask_for_what_it_cannot_pay(ask, prices, words):
    keys = Keys(Limits(budgets=(budget("5/day"),)))

    async def refused(home: House):
        with pytest.raises(openai.PermissionDeniedError, match=words) as caught:
            await ask(home)
        assert caught.value.code == "unpriced_model"
        assert home.seen == []

    run_keyed(refused, keys, KEYED + prices)

    async def let_through(home: House):
        await ask(home)
        assert only(home).cost_nano is None

    run_keyed(let_through, keys, KEYED + 'on_unpriced = "allow"\n' + prices)
    run_keyed(ask, keys, KEYED + FREE)


def test_a_picture_that_the_budget_does_not_cover_is_refused():
    keys = Keys(Limits(budgets=(budget("0.05/day"),)))

    async def case(home: House):
        await generate(home)  # 4,096 tokens are set aside, which cost less than 5 cents
        with pytest.raises(openai.RateLimitError) as caught:
            await home.client.images.generate(model=MODEL, prompt="a white cat", n=2)
        assert caught.value.code == "budget_exhausted"

    run_keyed(case, keys, KEYED + PRICED)


def test_tokens_count_towards_what_a_key_may_use_in_a_minute():
    async def case(home: House):
        await generate(home)
        with pytest.raises(openai.RateLimitError):
            await generate(home)

    run_keyed(case, Keys(Limits(tokens_per_minute=60)))


KEYLESS = [Limits(pin=False), Limits(tiers=("cheap",))]
"""Limits of a key that does not choose by itself, or only among tiers."""


@pytest.mark.parametrize("limits", KEYLESS)
@pytest.mark.parametrize("ask", [generate, moderate, say, transcribe, embed])
def test_a_key_that_may_not_choose_names_no_model_here_either(ask, limits):
    async def case(home: House):
        with pytest.raises(openai.PermissionDeniedError) as caught:
            await ask(home)
        assert caught.value.code in ("pin_not_allowed", "tier_not_allowed")
        assert home.seen == []

    run_keyed(case, Keys(limits))


OURS = '[server]\nembedding_model = "google/embedder"\nmoderation_model = "google/media"\n'
OURS += 'image_model = "google/media"\n'


@pytest.mark.parametrize("limits", KEYLESS)
def test_what_is_set_is_open_to_a_key_that_may_not_choose(limits):
    async def case(home: House):
        await home.client.moderations.create(input="hi")
        await home.client.embeddings.create(model="auto", input="hi")
        await home.client.embeddings.create(model="google/embedder", input="hi")
        await home.client.images.generate(prompt="a cat")
        await home.client.images.edit(image=b"png", prompt="a dog", model="auto")
        await home.client.images.edit(image=b"png", prompt="a dog")
        asked = [entry.asked for entry in home.entries]
        assert asked == ["auto", "auto", "google/embedder", "auto", "auto", "auto"]
        assert home.entries[-1].model_asked == "media"

    run_keyed(case, Keys(limits), OURS + KEYED)


def test_what_is_set_is_held_to_the_models_of_a_key_all_the_same():
    async def case(home: House):
        with pytest.raises(openai.PermissionDeniedError) as caught:
            await home.client.moderations.create(input="hi")
        assert caught.value.code == "model_not_allowed"

    run_keyed(case, Keys(Limits(models=("anthropic/*",))), OURS + KEYED)
