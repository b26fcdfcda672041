import json
import typing
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.values import Usage
from headgate.wire.meter import (
    AnthropicCounts,
    Counts,
    Meter,
    OpenAICounts,
    ResponsesCounts,
    told_once,
)
from tests.wire.recordings import recorded


def openai(*usages: object) -> Usage | None:
    meter = Meter(OpenAICounts)
    for usage in usages:
        meter.see(usage)
    return meter.usage


def anthropic(*usages: object) -> Usage | None:
    meter = Meter(AnthropicCounts)
    for usage in usages:
        meter.see(usage)
    return meter.usage


def test_a_usage_that_never_came_is_none():
    assert openai() is None
    assert openai(None, {}, [], "12", 3) is None
    assert anthropic({"service_tier": "standard"}) is None


def test_an_explicit_zero_stays_zero():
    assert openai({"prompt_tokens": 0, "completion_tokens": 0}) == Usage()
    assert anthropic({"input_tokens": 0, "output_tokens": 0}) == Usage()


def test_openai_counts_cached_tokens_within_the_prompt():
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "total_tokens": 120,
        "prompt_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 30},
        "completion_tokens_details": {"reasoning_tokens": 12},
    }
    found = openai(usage)
    assert found == Usage(input=6, output=20, cache_read=64, cache_write_5m=30, reasoning=12)
    assert found.total_input == 100


def test_anthropic_counts_cached_tokens_apart():
    usage = {
        "input_tokens": 6,
        "cache_read_input_tokens": 64,
        "cache_creation_input_tokens": 30,
        "output_tokens": 20,
        "output_tokens_details": {"thinking_tokens": 12},
    }
    found = anthropic(usage)
    assert found == Usage(input=6, output=20, cache_read=64, cache_write_5m=30, reasoning=12)
    assert found.total_input == 100


def test_cache_writes_are_split_by_lifetime():
    usage = {
        "input_tokens": 1,
        "cache_creation_input_tokens": 30,
        "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
        "output_tokens": 1,
    }
    assert anthropic(usage) == Usage(input=1, output=1, cache_write_5m=10, cache_write_1h=20)


def test_a_later_total_without_its_split_is_not_counted_twice():
    start = {
        "input_tokens": 1,
        "cache_creation_input_tokens": 30,
        "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
    }
    delta = {"cache_creation_input_tokens": 30, "output_tokens": 5}
    assert anthropic(start, delta) == Usage(input=1, output=5, cache_write_5m=10, cache_write_1h=20)


def test_the_largest_value_of_each_field_counts_over_all_chunks():
    assert anthropic(
        {"input_tokens": 25, "output_tokens": 1},
        {"output_tokens": 40},
        {"input_tokens": 0, "output_tokens": 15},
    ) == Usage(input=25, output=40)


def test_cached_tokens_told_late_are_not_counted_as_input_as_well():
    # deriving before comparing would keep input=100 from the first chunk
    early = {"prompt_tokens": 100, "completion_tokens": 1}
    late = {
        "prompt_tokens": 100,
        "completion_tokens": 9,
        "prompt_tokens_details": {"cached_tokens": 80},
    }
    assert openai(early, late) == Usage(input=20, output=9, cache_read=80)


def test_hidden_thinking_in_the_total_is_output():
    # Google's OpenAI endpoint: thinking is billed, and counted in the total only
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 315}
    assert openai(usage) == Usage(input=10, output=305, reasoning=300)


def test_a_total_that_is_too_small_changes_nothing():
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 0}
    assert openai(usage) == Usage(input=10, output=5)


def test_deepseek_names_its_cache_reads_otherwise():
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "prompt_cache_hit_tokens": 8}
    assert openai(usage) == Usage(input=2, output=5, cache_read=8)


def test_more_cached_than_prompt_tokens_is_no_negative_input():
    usage = {"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 8}}
    assert openai(usage) == Usage(input=0, output=0, cache_read=8)


@pytest.mark.parametrize(
    "value", [None, "12", -1, 1.5, True, [], {}, float("inf"), float("nan"), 10**400]
)
def test_what_is_no_count_is_passed_over(value):
    assert openai({"prompt_tokens": value, "completion_tokens": 3}) == Usage(output=3)


@pytest.mark.parametrize(
    ("word", "kept"),
    [
        ("flex", "flex"),
        ("priority", "priority"),
        ("PRIORITY", "priority"),
        ("default", None),
        ("auto", None),
        ("on_demand", None),
        ("", None),
        (None, None),
        (7, None),
        ({"name": "flex"}, None),
        ("two words", "unknown"),
        ("x" * 33, "unknown"),
    ],
)
def test_the_word_of_a_service_tier_is_kept_where_it_is_not_the_standard_one(word, kept):
    meter = Meter(OpenAICounts)
    meter.see({"prompt_tokens": 1, "completion_tokens": 2})
    meter.serve(word)
    assert meter.usage == Usage(input=1, output=2, service_tier=kept)


def test_the_last_word_for_a_service_tier_counts_and_silence_is_none():
    meter = Meter(OpenAICounts)
    meter.serve("priority")
    assert (meter.service_tier, meter.usage) == ("priority", None)
    meter.see({"prompt_tokens": 1})
    meter.serve(None)
    assert meter.usage == Usage(input=1, service_tier="priority")
    meter.serve("default")
    assert meter.usage == Usage(input=1)


def test_anthropic_tells_the_service_tier_and_the_fast_mode_with_the_counts():
    counts = {"input_tokens": 3, "output_tokens": 4}
    assert anthropic({**counts, "service_tier": "batch"}) == Usage(3, 4, service_tier="batch")
    assert anthropic({**counts, "service_tier": "standard"}) == Usage(3, 4)
    fast = {"service_tier": "standard", "speed": "fast"}
    assert anthropic({**counts, **fast}) == Usage(3, 4, service_tier="fast")
    assert anthropic({**counts, "speed": "standard"}) == Usage(3, 4)


def test_a_service_tier_within_the_details_of_a_count_is_none():
    usage = {"prompt_tokens": 2, "prompt_tokens_details": {"service_tier": "flex"}}
    assert openai(usage) == Usage(input=2)


def test_whole_floats_are_counts():
    assert openai({"prompt_tokens": 12.0, "completion_tokens": 3.0}) == Usage(input=12, output=3)


def test_details_may_be_null():
    usage = {"prompt_tokens": 2, "completion_tokens": 3, "prompt_tokens_details": None}
    assert openai(usage) == Usage(input=2, output=3)


def test_every_recorded_usage_is_billed_whole():
    seen = 0
    for exchange in recorded():
        if exchange.status != 200 or exchange.streamed:
            continue
        told = json.loads(exchange.answer)["usage"]
        found = openai(told)
        assert found is not None
        assert found.total_input == told["prompt_tokens"]
        assert found.output == told["completion_tokens"]
        assert found.reasoning == told["completion_tokens_details"]["reasoning_tokens"]
        seen += 1
    assert seen >= 7


_COUNTS = st.integers(0, 10**6)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["prompt_tokens", "input_tokens", "output_tokens", "cache_creation", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(_JSON, max_size=4))
def test_no_usage_object_is_a_surprise_and_no_count_is_negative(usages):
    for found in (openai(*usages), anthropic(*usages)):
        if found is not None:
            assert min(found.input, found.output, found.cache_read, found.reasoning) >= 0


@given(_COUNTS, _COUNTS, st.lists(_COUNTS, min_size=1))
def test_the_order_of_chunks_does_not_matter(prompt, cached, outputs):
    first = {"prompt_tokens": prompt, "prompt_tokens_details": {"cached_tokens": cached}}
    chunks = [first, *({"completion_tokens": one} for one in outputs)]
    assert openai(*chunks) == openai(*reversed(chunks))


_HELD = st.none() | st.integers(0, 30)


def _details(name: str) -> Any:
    """The form of the details of a count."""
    return typing.get_type_hints(OpenAICounts)[name]


@given(st.lists(_HELD, min_size=7, max_size=7))
def test_openais_counts_are_told_apart_as_the_rules_say(told):
    """The rules, each on a line of its own."""
    prompt, completion, total, hit, cached, write, reasoning = told
    counts = OpenAICounts(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=total,
        prompt_cache_hit_tokens=hit,
        prompt_tokens_details=msgspec.convert(
            {"cached_tokens": cached, "cache_write_tokens": write},
            _details("prompt_tokens_details"),
        ),
        completion_tokens_details=msgspec.convert(
            {"reasoning_tokens": reasoning}, _details("completion_tokens_details")
        ),
    )
    usage = counts.usage("flex")
    if prompt is None and completion is None:
        assert usage is None
        return
    read = (hit or 0) if cached is None else cached
    output = max(completion or 0, (total or 0) - prompt if prompt is not None else 0)
    hidden = output - (completion or 0)
    assert usage == Usage(
        input=max(0, (prompt or 0) - read - (write or 0)),
        output=output,
        cache_read=read,
        cache_write_5m=write or 0,
        reasoning=min(output, max(reasoning or 0, hidden)),
        service_tier="flex",
    )


_WORDS = st.none() | st.sampled_from(["", "flex", "default", "Priority", "no word"]) | st.integers()


@pytest.mark.parametrize("form", [OpenAICounts, ResponsesCounts, AnthropicCounts])
@given(_COUNTS, _COUNTS, _WORDS, _WORDS, st.booleans())
def test_what_is_told_once_is_as_a_meter_reads_it(form, one, other, within, beside, fast):
    usage = {
        "prompt_tokens": one,
        "input_tokens": one,
        "output_tokens": other,
        "service_tier": within,
        **({"speed": "fast"} if fast else {}),
    }
    meter = Meter(form)
    meter.see(usage)
    if beside:
        meter.serve(beside)
    assert told_once(form, usage, beside) == meter.usage
    decoded: Counts = msgspec.convert(usage, form)
    assert told_once(form, decoded, beside) == meter.usage
