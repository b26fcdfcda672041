"""A sample described: planted truth comes out, and parts merge to the whole."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.analysis.record import Record
from headgate.analysis.sample import Sample, Sum
from headgate.prices.book import Book
from headgate.values import ModelRef, Usage

BOOK = Book.shipped()
DAY = date(2026, 11, 20)
HAIKU = BOOK.card(ModelRef.parse("anthropic/claude-haiku-4-5"), DAY)
SONNET = BOOK.card(ModelRef.parse("anthropic/claude-sonnet-4-6"), DAY)
START = 1_790_000_000.0


def described(rows):
    assert HAIKU is not None
    assert SONNET is not None
    sample = Sample({"haiku": HAIKU}.get, (SONNET,))
    for row in rows:
        sample.add(row)
    return sample


def planted():
    """100 calls over 10 days, in 25 conversations, a fifth of the input cached, 10 retries."""
    return [
        Record(
            id=str(n),
            prompt=f"ask {n % 80}",
            model="haiku",
            time=START + n * 86400 * 10 / 99,
            usage=Usage(input=800, output=100, cache_read=200),
            cost_nano=1_000_000,
            conversation=str(n // 4),
            category="ab"[n % 2],
            retry=n < 10,
            failed=n >= 95,
        )
        for n in range(100)
    ]


def test_what_was_planted_is_told():
    sample = described(planted())
    assert sample.rows == 100
    assert sample.days == pytest.approx(10)
    assert sum(sample.by_hour) == 100
    assert sample.cache_share == 0.2
    assert sample.conversations.number == 25
    assert sample.prompts.repeated == pytest.approx(0.2)
    assert sample.facts["retry"] == 10
    assert sample.facts["failed"] == 5
    assert sample.tokens["input"].quantile(0.5) == pytest.approx(1000, rel=0.004)
    assert sample.categories.most(2) == [("a", 50), ("b", 50)]


def test_the_bill_is_exact_and_priced_on_another_model_too():
    sample = described(planted())
    # haiku: 1 USD in, 0.10 cached, 5 out a million; sonnet three times that
    call = 800 * 1000 + 200 * 100 + 100 * 5000
    assert sample.priced.sum == Sum(100, 0, 100 * call)
    assert sample.repriced[sample.others[0].id].sum == Sum(100, 0, 300 * call)
    assert sample.recorded.sum == Sum(100, 0, 100_000_000)


def test_a_call_without_price_or_usage_is_counted_and_never_free():
    rows = [Record(model="other", usage=Usage(input=5)), Record(model="haiku")]
    sample = described(rows)
    assert sample.priced.sum == Sum(0, 2, 0)
    assert sample.repriced[sample.others[0].id].sum.unpriced == 1
    assert any("Without a known price: 1 call;" in line for line in sample.missing)


def test_what_is_missing_for_an_estimate_is_told():
    told = " ".join(described([Record(cheap=1.0)]).missing)
    for word in ("No grades", "No prompts", "No times", "No token counts", "No conversations"):
        assert word in told
    whole = [*planted(), Record(prompt="x", cheap=1.0, premium=1.0, model="haiku")]
    assert described(whole).missing == []


ROWS = st.lists(
    st.builds(
        Record,
        prompt=st.sampled_from(["", "a", "b"]),
        model=st.sampled_from(["", "haiku", "other"]),
        time=st.none() | st.integers(946_684_800, 2_000_000_000).map(float),
        usage=st.none()
        | st.builds(Usage, input=st.integers(0, 10**6), output=st.integers(0, 10**5)),
        cost_nano=st.none() | st.integers(0, 10**9),
        conversation=st.sampled_from(["", "x", "y"]),
        category=st.text(max_size=2),
        retry=st.none() | st.booleans(),
        failed=st.booleans(),
        score=st.none() | st.floats(0, 1),
    ),
    max_size=12,
)


@given(ROWS, ROWS, ROWS)
def test_parts_merge_to_the_whole_in_any_order(a, b, c):
    whole = described(a + b + c).state
    one, two, three = described(a), described(b), described(c)
    assert one.merge(two).merge(three).state == whole
    assert three.merge(two.merge(one)).state == whole


def test_samples_priced_differently_are_not_merged():
    with pytest.raises(ValueError, match="different models"):
        described([]).merge(Sample())


def test_requests_of_one_system_prompt_are_one_task_whatever_its_numbers_are():
    sample = Sample()
    for day in range(3):
        sample.add(Record(system=f"You sort tickets. Today is 2026-11-{10 + day}.", prompt="x"))
    sample.add(Record(system="You write poems.", prompt="x"))
    sample.add(Record(prompt="x"))
    (_, most), (_, least) = sample.tasks.most(5)
    assert (most, least, sample.tasks.total) == (3, 1, 4)
    assert all("tickets" not in name for name, _ in sample.tasks.most(5))
