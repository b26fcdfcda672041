import pytest

from headgate.wire.gpt import effort_of, is_openais, takes_sampling, wants_signatures
from headgate.wire.neutral import MODELS_AT_HAND


@pytest.mark.parametrize(
    ("model", "own", "sampling", "signatures"),
    [
        ("gpt-5-mini", True, False, False),
        ("openai/gpt-4.1", True, True, False),
        ("o3", True, False, False),
        ("gpt-oss-120b", False, True, False),
        ("gemini-2.5-flash", False, True, False),
        ("gemini-3-pro-preview", False, True, True),
        ("gemini-12-pro", False, True, True),
        ("mistral-large", False, True, False),
    ],
)
def test_what_a_model_takes_follows_from_its_name(model, own, sampling, signatures):
    assert is_openais(model) is own
    assert takes_sampling(model) is sampling
    assert wants_signatures(model) is signatures


@pytest.mark.parametrize(
    ("model", "effort", "sent"),
    [
        ("gpt-5", "none", "minimal"),
        ("gpt-5.1", "none", "none"),
        ("o3", "none", "low"),
        ("gpt-5", "max", "high"),
        ("gpt-4.1", "high", None),
        ("gpt-5", None, None),
    ],
)
def test_the_nearest_level_of_reasoning_is_asked_of_models_that_know_it(model, effort, sent):
    assert effort_of(model, effort) == sent


@pytest.mark.parametrize("asked", [is_openais, takes_sampling, wants_signatures])
def test_so_many_models_are_remembered_and_callers_cannot_fill_the_memory(asked):
    said = asked("gpt-5-mini")
    for number in range(2 * MODELS_AT_HAND):
        asked(f"gpt-5-pinned-{number}")
    assert asked.cache_info().currsize == MODELS_AT_HAND
    assert asked("gpt-5-mini") is said
