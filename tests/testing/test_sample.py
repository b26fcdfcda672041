"""sample: as hard and as long as stated, the same for the same seed, fit for both dialects."""

import doctest
import statistics

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import headgate.testing.sample
from headgate.routing.classifier import question, verdict
from headgate.routing.tier import Tier
from headgate.testing.brain import Prompt, Turn, tokens
from headgate.testing.openai_chat import OpenAIChat
from headgate.testing.sample import KINDS, SampleBrain, SampleRequest, is_hard, sample
from headgate.values import Ask, ModelRef

JUDGE = "gemini-2.5-flash"
REQUESTS = sample(300)


def read(request: SampleRequest, model: str = "small") -> Prompt:
    return OpenAIChat().read(msgspec.json.encode({"model": model, **request.body}))


def judged(request: SampleRequest, brain: SampleBrain, levels: int = 2) -> int | None:
    """What the gateway's own classifier call gets from the brain."""
    tiers = [Tier(name=f"t{number}", model=ModelRef("p", f"m{number}")) for number in range(levels)]
    prompt = read(request)
    ask = Ask(model="auto", system=prompt.system, last_user=prompt.last_user)
    system, user = question(ask, tiers, max_chars=600)
    put = Prompt(model=JUDGE, system=system, turns=(Turn("user", user),), text=system + user)
    return verdict(brain.answer(put).text, levels)


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(headgate.testing.sample).failed == 0


def test_the_same_arguments_give_the_same_sample():
    assert sample(40, seed=3) == sample(40, seed=3)
    assert sample(40, seed=3) != sample(40, seed=4)


@settings(max_examples=20)
@given(st.integers(1, 60), st.floats(0, 1), st.integers(0, 5))
def test_any_sample_has_the_planted_share_and_is_valid_openai(count, share, seed):
    requests = sample(count, hard_share=share, seed=seed)
    assert sum(request.hard for request in requests) == round(count * share)
    for request in requests:
        assert is_hard(request.case) == request.hard
        assert request.case in read(request).last_user


def test_lengths_average_what_a_plan_assumes():
    prompts = [read(request) for request in REQUESTS]
    assert statistics.mean(p.input_tokens for p in prompts) == pytest.approx(1000, rel=0.01)
    assert statistics.stdev(p.input_tokens for p in prompts) > 400
    brain = SampleBrain()
    written = []
    for prompt in prompts:
        answer = brain.answer(prompt)
        calls = sum(tokens(use.name + use.arguments) for use in answer.tools)
        written.append(tokens(answer.text) + calls)
    assert statistics.mean(written) == pytest.approx(400, rel=0.03)


def test_other_lengths_can_be_asked_for():
    prompts = [read(request) for request in sample(200, input_tokens=2500)]
    assert statistics.mean(p.input_tokens for p in prompts) == pytest.approx(2500, rel=0.01)


def test_every_shape_of_request_occurs():
    assert {request.kind for request in REQUESTS} == set(KINDS)
    assert any(len(read(request).turns) > 2 for request in REQUESTS)
    assert any(read(request).system for request in REQUESTS)
    assert any(read(request).must_call is not None for request in REQUESTS)
    assert any(read(request).turns[-1].role == "tool" for request in REQUESTS)
    assert len({read(request).text for request in REQUESTS}) == 300


def test_hardness_shows_in_the_case_number_only_to_those_who_check_it():
    hard = next(request for request in REQUESTS if request.hard)
    digits = str((int(hard.case[-1]) + 1) % 10)
    assert not is_hard(hard.case[:-1] + digits)


def test_a_perfect_judge_sends_every_hard_request_to_the_last_level():
    brain = SampleBrain(classifiers=[JUDGE], tpr=1.0, fpr=0.0)
    for request in REQUESTS:
        assert judged(request, brain) == (1 if request.hard else 0)
        assert judged(request, brain, levels=3) == (2 if request.hard else 0)


def test_a_judge_errs_at_the_stated_rates_and_always_alike():
    brain = SampleBrain(classifiers=[JUDGE], tpr=0.9, fpr=0.025, seed=1)
    many = sample(1000, input_tokens=300, seed=9)
    first = [judged(request, brain) for request in many]
    assert first == [judged(request, brain) for request in many]
    assert first == [int(brain.escalates(request.case)) for request in many]
    hard = [level == 1 for level, request in zip(first, many, strict=True) if request.hard]
    easy = [level == 1 for level, request in zip(first, many, strict=True) if not request.hard]
    assert statistics.mean(hard) == pytest.approx(0.9, abs=0.06)
    assert statistics.mean(easy) == pytest.approx(0.025, abs=0.015)


def test_without_a_case_number_the_judge_sees_no_difficulty():
    brain = SampleBrain(classifiers=[JUDGE])
    put = Prompt(model=JUDGE, system="", turns=(Turn("user", "what is this?"),), text="")
    assert brain.answer(put).text == "1"


def test_an_answer_has_the_words_that_were_asked_for():
    put = Prompt(model="m", system="", turns=(Turn("user", "Write about 12 words."),), text="a")
    answer = SampleBrain().answer(put)
    assert len(answer.text.split(" ")) == 12
    assert SampleBrain().answer(put) == answer


@pytest.mark.parametrize(
    "wrong", [{"count": 0}, {"hard_share": 1.1}, {"input_tokens": 100}, {"output_tokens": 0}]
)
def test_a_sample_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="out of range"):
        sample(**{"count": 5, **wrong})
