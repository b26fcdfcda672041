"""brain: the tokenizer, seeded chance, orders in a request, and the echo."""

import doctest

from hypothesis import given
from hypothesis import strategies as st

import headgate.testing.brain
from headgate.testing.brain import Echo, Prompt, Tool, ToolUse, Turn, directives, tokens, uniform


def prompt(text: str, **fields) -> Prompt:
    return Prompt(model="small", system="", turns=(Turn("user", text),), text=text, **fields)


WEATHER = Tool(
    "weather",
    {
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "integer"},
            "unit": {"type": "string", "enum": ["celsius", "kelvin"]},
            "note": {"type": "string"},
        },
        "required": ["city", "days", "unit", "anything"],
    },
)


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(headgate.testing.brain).failed == 0


@given(st.text())
def test_a_token_is_four_characters_begun(text):
    assert 4 * tokens(text) - len(text) in (0, 1, 2, 3)


def test_chance_depends_on_what_it_is_about_and_on_nothing_else():
    draws = [uniform("fault", 0, index) for index in range(2000)]
    assert draws == [uniform("fault", 0, index) for index in range(2000)]
    assert all(0 <= draw < 1 for draw in draws)
    assert abs(sum(draws) / 2000 - 0.5) < 0.03
    assert uniform("a", "bc") != uniform("ab", "c")


def test_orders_are_read_from_the_last_user_turn_and_for_their_model_only():
    text = "[[reset]] and [[overloaded:2]] and [[say:1@small]] but not [[empty@large]]"
    assert directives(prompt(text)) == {"reset": "", "overloaded": "2", "say": "1"}
    earlier = Prompt(
        model="small", system="", text="", turns=(Turn("user", "[[reset]]"), Turn("user", "go on"))
    )
    assert directives(earlier) == {}


def test_the_echo_repeats_the_last_turn_without_its_orders():
    assert Echo().answer(prompt("good [[cached:3]] morning")).text == "good  morning"
    assert Echo().answer(prompt("[[say:2@small]] whatever")).text == "2"


def test_the_echo_states_counts_when_ordered():
    answer = Echo().answer(prompt("[[tokens:900/80]] [[cached:512]]"))
    assert (answer.input_tokens, answer.output_tokens, answer.cached_tokens) == (900, 80, 512)


def test_a_tool_is_called_with_arguments_that_its_schema_requires():
    answer = Echo().answer(prompt("[[tool]]", tools=(WEATHER,)))
    wanted = '{"city": "Porto", "days": 7, "unit": "celsius", "anything": "Porto"}'
    assert answer.tools == (ToolUse("weather", wanted),)
    assert answer.text == ""


def test_several_tools_are_called_at_once_when_ordered():
    clock = Tool("clock", {})
    answer = Echo().answer(prompt("[[tool:2]]", tools=(WEATHER, clock)))
    assert [use.name for use in answer.tools] == ["weather", "clock"]


def test_a_demanded_tool_is_called_without_an_order():
    clock = Tool("clock", {})
    named = Echo().answer(prompt("time?", tools=(WEATHER, clock), must_call="clock"))
    assert [use.name for use in named.tools] == ["clock"]
    some = Echo().answer(prompt("time?", tools=(WEATHER, clock), must_call=""))
    assert [use.name for use in some.tools] == ["weather"]


def test_without_tools_there_is_nothing_to_call():
    assert Echo().answer(prompt("[[tool]] hello")).text == "hello"


def test_once_the_tool_has_answered_its_result_is_repeated():
    turns = (Turn("user", "[[tool]]"), Turn("assistant", ""), Turn("tool", "14 degrees"))
    done = Prompt(model="small", system="", turns=turns, text="", tools=(WEATHER,))
    assert Echo().answer(done).text == "14 degrees"
