"""Columns: names, other names, mapped names; values are checked."""

import pytest

from headgate.analysis.readers.columns import FIELDS, Columns, field_of
from headgate.analysis.record import MalformedError
from headgate.routing.draft import Draft
from headgate.values import Usage
from tests.analysis.readers.examples import COLUMNS


def test_a_row_tells_all_that_its_columns_say():
    (record,) = Columns().records(COLUMNS)
    assert record.prompt == "What?"
    assert record.usage == Usage(input=60, output=10, cache_read=40)
    assert (record.cheap, record.premium, record.cost_nano) == (1.0, 0.75, 1_000_000)


def test_a_mapped_column_is_the_field_and_no_other_is():
    columns = Columns({"prompt": "said", "cheap": "grades.small"})
    row = {"said": "Hello", "question": "not this", "grades": {"small": "yes"}}
    (record,) = columns.records(row)
    assert (record.prompt, record.cheap) == ("Hello", 1.0)


def test_a_path_reaches_into_json_within_text():
    (record,) = Columns({"prompt": "meta.asked"}).records({"meta": '{"asked": "Why?"}'})
    assert record.prompt == "Why?"


def test_a_cheap_answer_is_kept_by_its_shape_and_never_by_its_text():
    row = {"prompt": "x", "draft": "It is 12.", "draft_logprob": "-0.1", "draft_failed": "a, b"}
    (record,) = Columns().records(row)
    assert record.draft == Draft(chars=9, logprob=-0.1, failed=("a", "b"))
    (record,) = Columns().records({"prompt": "x", "draft_chars": 7, "draft_failed": ["a"]})
    assert record.draft == Draft(chars=7, failed=("a",))
    assert Columns().records({"prompt": "x"})[0].draft is None


def test_a_row_without_prompt_tokens_or_grade_is_malformed():
    assert not Columns().recognises({"model": "x"})
    with pytest.raises(MalformedError, match="no prompt"):
        Columns().records({"model": "x"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"input_tokens": -1},
        {"input_tokens": 1.5},
        {"input_tokens": "many"},
        {"input_tokens": float("inf")},
        {"input_tokens": 10, "cache_read_tokens": 11},
        {"cheap": 2},
        {"cheap": float("nan")},
        {"prompt": "x", "time": "soon"},
        {"prompt": "x", "time": -5},
        {"prompt": "x", "cost_usd": "-1"},
        {"prompt": "x", "cost_usd": "NaN"},
        {"prompt": ["x"]},
        {"prompt": "x", "failed": "perhaps"},
        {"messages": {"role": "user"}},
        {"prompt": "x", "draft_agreement": 1.5},
        {"prompt": "x", "draft_logprob": 0.1},
        {"prompt": "x", "draft_failed": {"refusal": True}},
    ],
)
def test_a_value_that_is_none_of_its_kind_is_told_with_its_name(wrong):
    with pytest.raises(MalformedError, match=r"must be|expected|no moment|cache|list"):
        Columns().records(wrong)


@pytest.mark.parametrize("time", [1790000000, "1790000000", 1790000000000, 1790000000000000000])
def test_times_come_in_seconds_or_finer(time):
    assert Columns().records({"prompt": "x", "time": time})[0].time == 1790000000.0


def test_no_name_stands_for_two_fields():
    names = [name for field, known in FIELDS.items() for name in (field, *known.names)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("row", "score"),
    [
        ({"thumbs": "up"}, 1.0),
        ({"feedback": -1}, 0.0),
        ({"thumbs": True}, 1.0),
        ({"feedback": "👎"}, 0.0),
        ({"rating": 1}, 0.0),
        ({"stars": "4"}, 0.75),
        ({"rating": 5}, 1.0),
    ],
)
def test_a_users_feedback_is_a_score(row, score):
    assert Columns().records(row)[0].score == score


@pytest.mark.parametrize("row", [{"thumbs": "sideways"}, {"rating": 6}, {"rating": 0}])
def test_feedback_of_another_kind_is_malformed(row):
    with pytest.raises(MalformedError, match="must be"):
        Columns().records(row)


@pytest.mark.parametrize(
    ("winner", "side"),
    [("model_a", "a"), ("B", "b"), ("tie", "tie"), ("tie (bothbad)", "neither"), ("gpt", "b")],
)
def test_a_verdict_names_a_side_or_a_model(winner, side):
    (record,) = Columns().records({"winner": winner, "model_a": "small", "model_b": "gpt"})
    assert (record.winner, record.model_a, record.model_b) == (side, "small", "gpt")


def test_a_verdict_may_name_a_tier():
    (record,) = Columns().records({"prompt": "x", "preference": "premium"})
    assert (record.cheap, record.premium, record.winner) == (0.0, 1.0, None)


def test_a_verdict_for_an_unknown_model_is_malformed():
    with pytest.raises(MalformedError, match="none of a, b"):
        Columns().records({"winner": "who", "model_a": "small", "model_b": "gpt"})


def test_messages_are_kept_as_they_could_be_sent_again():
    messages = [{"role": "user", "content": "Hi"}]
    assert Columns().records({"messages": messages})[0].request == messages


def test_every_name_leads_to_its_field():
    assert field_of("question") == "prompt"
    assert field_of("cheap_cost") == "cheap_usd"
    assert field_of("colour") is None
