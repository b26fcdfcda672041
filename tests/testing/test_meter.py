"""meter: token kinds that add up, the prompt cache, and books that keep calls apart."""

from hypothesis import given
from hypothesis import strategies as st

from headgate.testing.brain import Answer, Prefix, Prompt, ToolUse, Turn
from headgate.testing.meter import ModelTally, PromptCache, Tally, cut, spent
from headgate.values import Usage


def prompt(text: str = "x" * 400, **fields) -> Prompt:
    return Prompt(model="small", system="", turns=(Turn("user", text),), text=text, **fields)


def test_a_call_costs_its_characters_over_four_and_its_images():
    usage = spent(prompt(images=2), Answer(text="y" * 41), PromptCache())
    assert usage == Usage(input=100 + 512, output=11)


def test_even_an_empty_answer_costs_one_token():
    assert spent(prompt(), Answer(), PromptCache()).output == 1


def test_several_choices_cost_their_output_several_times_and_the_input_once():
    usage = spent(prompt(choices=3), Answer(text="y" * 40), PromptCache())
    assert usage == Usage(input=100, output=30)


def test_stated_counts_win_over_the_rule():
    answer = Answer(text="y" * 400, input_tokens=70, output_tokens=9, cached_tokens=64)
    assert spent(prompt(), answer, PromptCache()) == Usage(input=6, cache_read=64, output=9)


def test_more_cannot_be_read_from_the_cache_than_was_sent():
    usage = spent(prompt(), Answer(text="y", cached_tokens=10_000), PromptCache())
    assert usage == Usage(cache_read=100, output=1)


def test_a_prefix_is_written_once_and_read_from_then_on():
    cache = PromptCache()
    once = prompt(prefixes=(Prefix("x" * 200, "5m"),))
    assert cache.split(once) == Usage(input=50, cache_write_5m=50)
    assert cache.split(once) == Usage(input=50, cache_read=50)


def test_a_longer_prefix_reads_the_known_part_and_writes_the_rest():
    cache = PromptCache()
    cache.split(prompt(prefixes=(Prefix("x" * 200, "5m"),)))
    longer = prompt(prefixes=(Prefix("x" * 200, "5m"), Prefix("x" * 300, "1h")))
    assert cache.split(longer) == Usage(input=25, cache_read=50, cache_write_1h=25)


@given(st.lists(st.tuples(st.integers(1, 400), st.sampled_from(["5m", "1h"])), max_size=4))
def test_the_kinds_of_input_always_add_up(breakpoints):
    cache = PromptCache()
    asked = prompt(prefixes=tuple(Prefix("x" * at, ttl) for at, ttl in sorted(breakpoints)))
    for _ in range(2):
        usage = cache.split(asked)
        assert usage.total_input == 100
        assert min(usage.input, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h) >= 0


def test_max_tokens_cuts_the_answer_to_what_was_paid_for():
    assert cut(prompt(max_tokens=2), Answer(text="123456789")) == (
        Answer(text="12345678", output_tokens=2),
        True,
    )
    whole = Answer(text="12345678")
    assert cut(prompt(max_tokens=2), whole) == (whole, False)
    assert cut(prompt(), Answer(text="y" * 9999))[1] is False


def test_max_tokens_cuts_stated_counts_and_tool_calls_too():
    stated, was_cut = cut(prompt(max_tokens=5), Answer(text="abc", output_tokens=80))
    assert (stated.text, stated.output_tokens, was_cut) == ("abc", 5, True)
    calling, was_cut = cut(prompt(max_tokens=3), Answer(tools=(ToolUse("weather", "{}" * 40),)))
    assert (calling.tools, calling.output_tokens, was_cut) == ((), 3, True)


def test_the_books_keep_models_and_kinds_of_ending_apart():
    tally = Tally()
    tally.bill("small", Usage(input=1, output=2))
    tally.bill("small", Usage(input=10, cache_read=5))
    tally.bill("large", Usage(output=7))
    tally.broke("small", Usage(input=3))
    tally.fault("empty")
    tally.reject(401)
    report = tally.report()
    assert report.billed == {
        "small": ModelTally(2, Usage(input=11, output=2, cache_read=5)),
        "large": ModelTally(1, Usage(output=7)),
    }
    assert report.broken == {"small": ModelTally(1, Usage(input=3))}
    assert (report.faults, report.rejected) == ({"empty": 1}, {"401": 1})


def test_equal_calls_are_counted_and_unequal_ones_kept_apart():
    tally = Tally()
    for usage in (Usage(1, 2), Usage(1, 3), Usage(1, 2)):
        tally.bill("small", usage)
    assert tally.calls() == {"small": [(Usage(1, 2), 2), (Usage(1, 3), 1)]}


def test_a_report_does_not_change_when_the_books_go_on():
    tally = Tally()
    before = tally.report()
    tally.bill("small", Usage(input=1))
    tally.reject(400)
    assert (before.billed, before.rejected) == ({}, {})
