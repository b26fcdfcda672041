"""Logs: each form is recognised by its example row alone, and every fact of it is found."""

import pytest

from headgate.analysis.readers.formats import FORMATS, detect
from headgate.analysis.readers.logs import anthropic, langfuse, litellm, openai, otel
from headgate.analysis.record import MalformedError
from headgate.values import Usage
from tests.analysis.readers import examples as rows


@pytest.mark.parametrize(
    ("name", "row"),
    [
        *rows.BY_FORM.items(),
        ("openai", rows.OPENAI_RESPONSES),
        ("openai", rows.OPENAI_BATCH),
        ("openai", rows.OPENAI["response"]),
        ("anthropic", rows.ANTHROPIC_BATCH),
        ("anthropic", rows.ANTHROPIC["response"]),
        ("otel", rows.OTEL_SPAN),
        ("langfuse", {"data": [rows.LANGFUSE], "meta": {"page": 1}}),
    ],
)
def test_a_row_is_of_its_own_form(name, row):
    form = detect([row])
    assert form is not None
    assert form.name == name
    assert FORMATS[name].records(row)


def test_a_row_of_nothing_known_is_of_no_form():
    assert detect([{"temperature": 20, "city": "Bern"}]) is None


def test_an_exchange_with_openai_tells_all():
    (record,) = openai(rows.OPENAI)
    assert record.prompt == "What is this?"
    assert record.system == "Be brief."
    assert (record.turns, record.images, record.tools, record.json_schema) == (2, 1, 1, True)
    assert record.model == "openai/gpt-4o-mini-2024-07-18"
    assert record.usage == Usage(input=20, output=8, cache_read=100)
    assert record.conversation == "s1"
    assert record.time == 1795168800.0
    assert not record.failed


def test_responses_count_reasoning_within_the_output():
    (record,) = openai(rows.OPENAI_RESPONSES)
    assert (record.prompt, record.system) == ("Why?", "Be brief.")
    assert record.usage == Usage(input=30, output=50, reasoning=40)


def test_a_line_of_a_batch_is_known_by_its_custom_id():
    assert openai(rows.OPENAI_BATCH)[0].id == "request-7"
    assert anthropic(rows.ANTHROPIC_BATCH)[0].id == "request-9"


def test_an_answer_with_an_error_status_failed():
    failed = rows.OPENAI_BATCH | {"response": {"status_code": 429, "body": {"error": {"code": 1}}}}
    assert openai(failed)[0].failed


def test_anthropic_counts_cached_tokens_beside_the_input():
    (record,) = anthropic(rows.ANTHROPIC)
    assert record.usage == Usage(input=10, output=5, cache_read=70, cache_write_5m=20)
    assert (record.prompt, record.system) == ("Sort b a", "You sort.")
    assert record.model == "anthropic/claude-haiku-4-5-20251001"


def test_litellm_tells_its_spend_and_the_cached_part_of_the_prompt():
    (record,) = litellm(rows.LITELLM)
    assert record.cost_nano == 123_000
    assert record.usage == Usage(input=40, output=30, cache_read=60)
    assert record.model == "openai/gpt-4o-mini"
    assert (record.prompt, record.conversation) == ("Hello", "s-1")
    assert record.time == 1795168800.5


def test_an_embedding_of_litellm_is_no_call():
    assert litellm(rows.LITELLM | {"call_type": "aembedding"}) == []


def test_langfuse_kinds_of_tokens_do_not_overlap():
    (record,) = langfuse(rows.LANGFUSE)
    assert record.usage == Usage(input=40, output=20, cache_read=60)
    assert record.cost_nano == 300_000
    assert (record.prompt, record.category, record.conversation) == ("Hello", "answer", "trace-1")


def test_a_span_of_langfuse_is_no_call():
    assert langfuse(rows.LANGFUSE | {"type": "SPAN"}) == []


def test_otel_input_tokens_include_the_cached_ones():
    (record,) = otel(rows.OTEL)  # the tool's span is no call
    assert record.usage == Usage(input=36, output=20, cache_read=64)
    assert record.model == "openai/gpt-4o"
    assert (record.prompt, record.conversation) == ("Weather?", "conv-5")
    assert record.time == 1790000000.0


def test_a_span_with_an_error_failed():
    span = rows.OTEL_SPAN | {"status": {"code": 2}}
    assert otel(span)[0].failed


@pytest.mark.parametrize(
    "broken",
    [
        lambda: litellm(rows.LITELLM | {"spend": "much"}),
        lambda: litellm(rows.LITELLM | {"startTime": "yesterday"}),
        lambda: langfuse({"data": [rows.LANGFUSE, 5]}),
        lambda: openai({"request": {"messages": [5]}}),
        lambda: openai({"response": {}}),
        lambda: otel({"resourceSpans": [5]}),
    ],
)
def test_what_is_malformed_is_told(broken):
    with pytest.raises(MalformedError, match=r"\w"):
        broken()
