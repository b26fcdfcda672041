import pytest

from headgate.wire.claude import DEFAULT_MAX_TOKENS, abilities
from headgate.wire.neutral import MODELS_AT_HAND


@pytest.mark.parametrize(
    ("model", "sampling", "adaptive", "effort"),
    [
        ("claude-3-5-sonnet-20241022", True, False, None),
        ("claude-3-7-sonnet-latest", True, False, None),
        ("claude-sonnet-4-20250514", True, False, None),
        ("claude-opus-4-1-20250805", True, False, None),
        ("claude-haiku-4-5-20251001", True, False, None),
        ("claude-haiku-4-5@20251001", True, False, None),
        ("claude-opus-4-5", True, False, "high"),
        ("claude-sonnet-4-6", True, True, "high"),
        ("anthropic/claude-opus-4.6", True, True, "high"),
        ("us.anthropic.claude-opus-4-6-v1:0", True, True, "high"),
        ("claude-opus-4-7", False, True, "xhigh"),
        ("claude-haiku-5-5", False, True, "xhigh"),
        ("claude-fable-5", False, True, "xhigh"),
        ("claude-newest", False, True, "xhigh"),
        ("deepseek-chat", True, False, None),
    ],
)
def test_a_models_generation_tells_what_it_accepts(model, sampling, adaptive, effort):
    found = abilities(model)
    assert (found.sampling, found.adaptive) == (sampling, adaptive)
    assert found.efforts.get("xhigh") == effort


def test_every_level_of_effort_has_a_level_to_send():
    levels = {"none", "minimal", "low", "medium", "high", "xhigh", "max"}
    for model in ("claude-opus-4-5", "claude-opus-5-5"):
        assert set(abilities(model).efforts) == levels


def test_strict_tools_came_with_structured_outputs():
    assert not abilities("claude-sonnet-4-20250514").strict_tools
    assert abilities("claude-opus-4-1").strict_tools
    assert abilities("claude-haiku-4-5").strict_tools


def test_claude_3_accepts_fewer_output_tokens():
    assert abilities("claude-3-haiku-20240307").default_max_tokens == 4096
    assert abilities("claude-haiku-4-5").default_max_tokens == DEFAULT_MAX_TOKENS


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("claude-haiku-4-5", None),
        ("claude-sonnet-4-6", None),
        ("claude-opus-5", "disabled"),
        ("claude-sonnet-5", "disabled"),
        ("claude-haiku-5-5", "disabled"),
        ("claude-sonnet-5-5", "between_tools"),
        ("claude-opus-5-5", None),
        ("claude-fable-5", None),
        ("claude-newest", None),
    ],
)
def test_thinking_is_turned_off_where_it_is_on_and_can_be(model, kind):
    assert abilities(model).no_thinking == kind


def test_so_many_models_are_remembered_and_callers_cannot_fill_the_memory():
    assert abilities("claude-opus-4-5") is abilities("claude-opus-4-5")
    for number in range(600):
        assert abilities(f"claude-opus-4-5-{number}").strict_tools
    assert abilities.cache_info().currsize <= MODELS_AT_HAND
