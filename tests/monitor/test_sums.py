"""sums: entries of one kind are added up, and every label is a part of what tells kinds apart."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from headgate.monitor.sums import KIND, TOKENS, Sums
from headgate.values import Usage
from tests.ledger.samples import entry, traffic


class Heard(list[float]):
    """Keeps what it is told."""

    observe = list.append


def summed(*entries, first_token: Heard | None = None) -> tuple[Sums, Heard, Heard]:
    seconds, queue = Heard(), Heard()
    sums = Sums(entries[0], seconds, first_token, queue)
    for one in entries:
        sums.add(one)
    return sums, seconds, queue


def test_tokens_are_all_of_a_usage_but_its_tier():
    assert (*TOKENS, "service_tier") == Usage.__struct_fields__


def test_money_tokens_and_entries_are_added_up():
    rows = traffic(random.Random(3), 200)
    sums, seconds, _ = summed(*rows)
    assert sums.entries == len(rows)
    assert sums.unpriced == sum(row.cost_nano is None for row in rows) > 0
    assert sums.cost_nano == sum(row.cost_nano or 0 for row in rows)
    assert sums.compared == sum(row.premium_nano is not None for row in rows)
    assert sums.premium_nano == sum(row.premium_nano or 0 for row in rows)
    for kind, tokens in zip(TOKENS, sums.tokens, strict=True):
        assert tokens == sum(getattr(row.usage, kind) for row in rows)
    assert seconds == [row.total_us / 1e6 for row in rows]


def test_each_kind_of_tokens_is_added_up_where_there_are_no_others():
    for at, kind in enumerate(TOKENS):
        sums, *_ = summed(entry(usage=msgspec.structs.replace(Usage(), **{kind: 7})))
        assert sums.tokens == tuple(7 if place == at else 0 for place in range(len(TOKENS)))


def test_times_are_observed_where_there_are_any():
    first = Heard()
    _, _, queue = summed(
        entry(attempt=0, queue_us=700, first_token_us=300_000),
        entry(attempt=1, queue_us=900, first_token_us=None),
        entry(attempt=0, queue_us=None, first_token_us=100_000),
        first_token=first,
    )
    assert queue == [0.0007]
    assert first == [0.3, 0.1]
    _, _, queue = summed(entry(attempt=0, queue_us=700, first_token_us=300_000))
    assert queue == [0.0007]


def test_entries_with_other_labels_are_of_another_kind():
    same = entry()
    assert KIND(entry(request_id="other", at_us=7, usage=Usage(1, 2), cost_nano=None)) == KIND(same)
    changes: list[dict[str, Any]] = [
        {"purpose": "judge"}, {"tier": "other"}, {"provider": "other"}, {"model_asked": "other"},
        {"error": "status"}, {"served": not same.served}, {"routed": not same.routed},
        {"premium": not same.premium}, {"route": "/other"}, {"policy": "other"},
        {"streamed": not same.streamed},
    ]  # fmt: skip
    assert len({KIND(entry(**change)) for change in changes} - {KIND(same)}) == len(changes)
