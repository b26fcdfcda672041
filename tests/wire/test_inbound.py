import contextlib
import itertools
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.errors import RequestError
from headgate.values import Ask
from headgate.wire.inbound import Outline, ask_of, decoded, fields_of, flag, items, model_of, number
from headgate.wire.lane import read


def refusal(call, *args) -> RequestError:
    with pytest.raises(RequestError) as caught:
        call(*args)
    assert caught.value.status == 400
    return caught.value


def test_the_fields_keep_the_bytes_of_their_values():
    fields = fields_of(b'{ "a" : [1,  2.50], "b":"\\u00e9" }')
    assert {name: bytes(raw) for name, raw in fields.items()} == {
        "a": b"[1,  2.50]",
        "b": b'"\\u00e9"',
    }


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (b"", "invalid_json", "ends too early"),
        (b"hello", "invalid_json", "not valid JSON"),
        (b'{"a": 1,}', "invalid_json", "not valid JSON"),
        (b'{"a": NaN}', "invalid_json", "not valid JSON"),
        (b'{"a": "\\ud83d"}', "invalid_json", "surrogate"),
        (b"[]", "invalid_json", "JSON object"),
        (b'"text"', "invalid_json", "JSON object"),
        (b"null", "invalid_json", "JSON object"),
        (b'{"a": "\xff"}', "invalid_encoding", "UTF-8 (byte 7)"),
        (b'{"a":' + b"[" * 1_000_000 + b"}", "invalid_json", "nested too deeply"),
    ],
)
def test_a_body_that_is_no_object_is_refused_with_a_sentence(body, code, words):
    error = refusal(fields_of, body)
    assert error.code == code
    assert words in str(error)


@given(st.binary())
def test_any_bytes_are_fields_or_a_refusal(body):
    with contextlib.suppress(RequestError):
        assert isinstance(fields_of(body), dict)


def test_the_model_is_a_string_that_says_something():
    assert model_of(fields_of(b'{"model": "auto"}')) == "auto"
    missing = refusal(model_of, fields_of(b"{}"))
    assert (missing.code, missing.param) == ("missing_required_parameter", "model")
    assert refusal(model_of, fields_of(b'{"model": ""}')).param == "model"
    wrong = refusal(model_of, fields_of(b'{"model": 7}'))
    assert (wrong.code, wrong.param) == ("invalid_type", "model")
    assert str(wrong) == (
        "Invalid type for 'model': expected a string, but got an integer instead."
    )


def test_missing_and_null_options_are_the_default():
    fields = fields_of(b'{"a": null, "s": true, "n": 3, "l": [1, {}]}')
    assert [flag(fields, name) for name in ("a", "b", "s")] == [False, False, True]
    assert [number(fields, name) for name in ("a", "b", "n")] == [None, None, 3]
    assert [len(items(fields, name)) for name in ("a", "b", "l")] == [0, 0, 2]


@pytest.mark.parametrize(
    ("read", "raw", "words"),
    [
        (flag, b'"yes"', "expected a boolean or null, but got a string"),
        (flag, b"1", "expected a boolean or null, but got an integer"),
        (number, b"1.5", "expected an integer or null, but got a number"),
        (number, b"{}", "expected an integer or null, but got an object"),
        (items, b"{}", "expected an array or null, but got an object"),
    ],
)
def test_an_option_of_the_wrong_type_is_named(read, raw, words):
    error = refusal(read, fields_of(b'{"x": ' + raw + b"}"), "x")
    assert words in str(error)
    assert (error.code, error.param) == ("invalid_type", "x")


class _Inner(msgspec.Struct):
    role: str
    content: str | list[int] | None = None


_INNER = msgspec.json.Decoder(list[_Inner])


@pytest.mark.parametrize(
    ("raw", "param", "code"),
    [
        (b"{}", "messages", "invalid_type"),
        (b"[1]", "messages[0]", "invalid_type"),
        (b'[{"role": "user"}, {}]', "messages[1].role", "missing_required_parameter"),
        (b'[{"role": "user", "content": [1, "a"]}]', "messages[0].content[1]", "invalid_type"),
    ],
)
def test_the_place_of_a_fault_is_named_in_the_callers_words(raw, param, code):
    error = refusal(decoded, _INNER, raw, "messages")
    assert (error.param, error.code) == (param, code)
    assert param in str(error)


def test_three_wanted_types_are_listed():
    error = refusal(decoded, _INNER, b'[{"role": "user", "content": 3}]', "messages")
    assert "expected a string, an array or null, but got an integer" in str(error)


def test_the_place_in_a_whole_body_has_no_prefix():
    decoder = msgspec.json.Decoder(dict[str, int])
    assert refusal(decoded, decoder, b"[]", "").param is None
    assert refusal(decoded, decoder, b'{"a": "x"}', "").param == "*"


def test_other_faults_within_a_value_are_refusals_too():
    raw = msgspec.json.Decoder(object)
    assert refusal(decoded, raw, b'"\\ud83d"', "x").code == "invalid_json"
    assert refusal(decoded, raw, b'"\xff"', "x").code == "invalid_encoding"
    assert refusal(decoded, raw, b"[" * 100_000, "x").code == "invalid_json"
    assert refusal(decoded, raw, b"1e999", "x").param == "x"


def asked(outline: Outline, *tools: msgspec.Raw) -> Ask:
    return ask_of(
        "auto",
        outline,
        headers={},
        stream=False,
        max_output=None,
        tools=tools,
        json_schema=False,
    )


def test_a_policy_is_told_system_text_and_last_user_turn():
    outline = Outline()
    for role, text in [
        ("system", "Be brief."),
        ("user", "Hello"),
        ("assistant", "Hi!"),
        ("tool", "42"),
        ("user", "Why?"),
        ("system", "Now."),
    ]:
        outline.turns.append((role, text))
    ask = asked(outline)
    assert ask.system == "Be brief.\n\nNow."
    said = len("Be brief.\n\nNow.") + len("Hello\n\nHi!\n\n42\n\nWhy?")
    assert ask.tokens == said // 4 + 3 + 4 * 6, "and what parts the turns"
    assert (ask.last_user, ask.turns) == ("Why?", 2)


ROLES = st.sampled_from(["system", "user", "assistant", "tool"])


@given(st.lists(st.tuples(ROLES, st.sampled_from(["", "a", "bé", "a long text"]))))
def test_what_is_said_counts_as_one_text_of_the_system_and_one_of_the_turns(turns):
    outline = Outline()
    outline.turns.extend(turns)
    ask = asked(outline)
    system = "\n\n".join(said for role, said in turns if role == "system" and said)
    text = "\n\n".join(said for role, said in turns if role != "system" and said)
    assert ask.system == system
    size = len(system.encode()) + len(text.encode())
    assert ask.tokens == size // 4 + 3 + 4 * len(turns)
    before = list(itertools.takewhile(lambda turn: turn[0] not in ("assistant", "tool"), turns))
    users = [said for role, said in before if role == "user"]
    assert ask.opening == "\n\n".join(itertools.dropwhile(lambda said: not said, users))


def test_a_policy_is_told_what_stays_the_same_as_a_conversation_goes_on():
    outline = Outline()
    beginning = [("system", "Be brief."), ("system", ""), ("system", "Be kind."), ("user", "One,")]
    for role, text in [*beginning, ("user", "two.")]:
        outline.turns.append((role, text))
    first = asked(outline)
    assert (first.opening, first.replies) == ("One,\n\ntwo.", 0)
    assert first.system[: first.preamble] == first.system == "Be brief.\n\nBe kind."
    for role, text in [("assistant", "Hi"), ("tool", "42"), ("user", "Why?"), ("system", "Now.")]:
        outline.turns.append((role, text))
    later = asked(outline)
    assert (later.opening, later.replies) == (first.opening, 2)
    assert later.system[: later.preamble] == first.system


@pytest.mark.parametrize(
    ("dialect", "fields", "conversation", "continues"),
    [
        ("openai", {}, None, None),
        ("openai", {"prompt_cache_key": "c"}, "c", None),
        ("openai", {"prompt_cache_key": 7}, None, None),
        ("openai-responses", {"prompt_cache_key": "c"}, "c", None),
        ("openai-responses", {"previous_response_id": "resp_1"}, None, "resp_1"),
        ("openai-responses", {"conversation": "conv_1"}, None, "conv_1"),
        ("openai-responses", {"conversation": {"id": "conv_1"}}, None, "conv_1"),
        ("openai-responses", {"conversation": [1], "previous_response_id": None}, None, None),
        ("anthropic", {"metadata": {"user_id": "user_1"}}, None, None),
        (
            "anthropic",
            {"metadata": {"user_id": "u_account__session_5"}},
            "u_account__session_5",
            None,
        ),
        ("anthropic", {"metadata": {"user_id": '{"session_id":"5"}'}}, '{"session_id":"5"}', None),
        ("anthropic", {"metadata": "session"}, None, None),
    ],
)
def test_ids_of_a_conversation_are_read(dialect, fields, conversation, continues):
    turn = [{"role": "user", "content": "Hi"}]
    body = {"model": "auto", "max_tokens": 9, "messages": turn, "input": turn, **fields}
    ask = read(dialect, json.dumps(body).encode(), {}).ask
    assert (ask.conversation, ask.continues) == (conversation, continues)


@pytest.mark.parametrize("depth", [10, 900, 1000, 100_000])
def test_an_id_of_any_depth_is_none_and_no_failure(depth):
    deep = '"session",' + "[" * depth + "]" * depth
    for dialect, name in (("anthropic", "metadata"), ("openai-responses", "conversation")):
        turn = '[{"role":"user","content":"x"}]'
        body = f'"model":"a","max_tokens":9,"messages":{turn},"input":"x","{name}":[{deep}]'
        with contextlib.suppress(RequestError):
            assert read(dialect, f"{{{body}}}".encode(), {}).ask.conversation is None


def test_a_conversation_without_a_user_turn_has_none():
    outline = Outline()
    outline.turns.append(("system", "Say something."))
    assert (asked(outline).last_user, asked(outline).turns) == ("", 0)


def test_tokens_are_estimated_by_bytes_turns_tools_and_images():
    outline = Outline()
    outline.turns.append(("user", "x" * 400))
    assert asked(outline).tokens == 100 + 4 + 3
    outline.images, outline.files, outline.call_bytes = 1, 1, 40
    assert asked(outline).tokens == 100 + 4 + 3 + 2000 + 10
    assert asked(outline, msgspec.Raw(b"x" * 80)).tokens == 2137
    cyrillic = Outline()
    cyrillic.turns.append(("user", "я" * 400))
    assert asked(cyrillic).tokens == 200 + 7
