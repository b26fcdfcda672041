import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.errors import UpstreamError
from headgate.values import Usage
from headgate.wire.dialect import Dialect, UnusableAnswerError, untranslatable
from headgate.wire.lane import DIALECTS


def test_an_unusable_answer_is_the_providers_fault_and_carries_its_usage():
    error = UnusableAnswerError("Nothing in it.", usage=Usage(output=3))
    assert isinstance(error, UpstreamError)
    assert (error.kind, error.status, error.usage) == ("unusable", 502, Usage(output=3))
    assert UnusableAnswerError("x").usage is None


def test_what_cannot_be_translated_is_told_with_a_way_out():
    error = untranslatable("n", "More than one choice", "anthropic", "openai")
    assert (error.status, error.param, error.code) == (400, "n", "unsupported_parameter")
    assert str(error) == (
        "More than one choice cannot be translated for the provider that would answer, which "
        "speaks the dialect 'anthropic'. Leave out 'n', or name a model whose provider speaks "
        "'openai'."
    )
    assert str(untranslatable("n", "X", "a", "b", "Use m.")).endswith("Use m.")


_TEXT = st.none() | st.text(max_size=3)
_TOKENS = st.none() | st.integers(-1, 9)
_USAGES = st.none() | st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), _TOKENS),
        **dict.fromkeys(("input_tokens", "output_tokens"), _TOKENS),
        "service_tier": st.none() | st.sampled_from(["default", "flex", "Priority", 3]),
        "speed": st.sampled_from(["fast", "slow"]),
    },
)
_BLOCK = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "thinking", "tool_use", "message", "function_call"])},
    optional={
        "text": _TEXT,
        "thinking": _TEXT,
        "name": _TEXT,
        "content": st.lists(st.fixed_dictionaries({"type": st.just("x"), "text": _TEXT})),
    },
)
_CHOICE = st.fixed_dictionaries(
    {},
    optional={
        "message": st.none()
        | st.fixed_dictionaries(
            {},
            optional={
                "content": _TEXT | st.lists(_BLOCK, max_size=2),
                "refusal": _TEXT,
                "reasoning": _TEXT,
                "tool_calls": st.lists(st.just({"id": "1"}), max_size=1),
            },
        ),
        "finish_reason": st.none() | st.sampled_from(["stop", "length", "error", "stop: x", 7]),
        "error": st.none() | st.just({"message": "no"}),
    },
)
_ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "id": _TEXT,
        "model": _TEXT | st.integers(),
        "usage": _USAGES,
        "service_tier": st.none() | st.sampled_from(["", "default", "flex", "no word", 1]),
        "error": st.none() | st.just({"message": "no", "code": 429}),
        "choices": st.lists(_CHOICE, max_size=2),
        "output": st.lists(_BLOCK, max_size=2),
        "content": st.lists(_BLOCK, max_size=2),
        "status": st.sampled_from(["completed", "failed", "incomplete"]),
        "stop_reason": st.sampled_from(["end_turn", "tool_use", "max_tokens"]),
    },
)


def _read(dialect: Dialect, body: bytes, quiet: bool) -> object:
    try:
        found = dialect.read_answer(body, quiet)
    except UnusableAnswerError as error:
        return str(error), error.usage
    return found.usage, found.model or None, found.stop, found.id or None


def _weighed(dialect: Dialect, body: bytes, quiet: bool) -> object:
    try:
        found = dialect.weigh_answer(body, quiet)
    except UnusableAnswerError as error:
        return str(error), error.usage
    assert found.body is body
    return found.usage, found.model, found.finish, found.id


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
@given(body=_ANSWERS.map(lambda found: json.dumps(found).encode()), quiet=st.booleans())
def test_an_answer_that_goes_on_as_it_is_tells_what_one_that_is_read_does(dialect, body, quiet):
    assert _weighed(dialect, body, quiet) == _read(dialect, body, quiet)
