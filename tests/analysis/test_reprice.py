"""reprice: money follows from tokens, at whatever card is asked."""

import msgspec
import pytest

from headgate.analysis.reprice import reprice
from headgate.prices.card import Rates
from tests.costs.cards import HAIKU, SONNET
from tests.ledger.samples import entry


def test_at_the_same_prices_nothing_changes():
    (line,), attempts = reprice([entry(), entry(request_id="r1")], lambda _: HAIKU)
    assert (line.model, line.attempts, attempts) == ("anthropic/claude-haiku-4-5", 2, 2)
    assert (line.changed, line.was_nano, line.now_nano) == (0, 6_000_000, 6_000_000)


def test_other_prices_are_other_money():
    (line,), _ = reprice([entry()], lambda _: SONNET)
    assert (line.changed, line.was_nano, line.now_nano) == (1, 3_000_000, 9_000_000)


def test_an_attempt_may_gain_a_price_or_lose_it_and_is_never_free():
    rows = [entry(cost_nano=None), entry(request_id="r1")]
    (line,), _ = reprice(rows, lambda row: HAIKU if row.cost_nano is None else None)
    assert (line.was_unpriced, line.now_unpriced, line.changed) == (1, 1, 2)
    assert (line.was_nano, line.now_nano) == (3_000_000, 3_000_000)


def test_attempts_without_tokens_are_left_out_and_models_are_in_order():
    rows = [
        entry(model_asked="b"),
        entry(request_id="r1", model_asked="a"),
        entry(request_id="r2", usage_source="none", cost_nano=0),
    ]
    lines, attempts = reprice(rows, lambda _: HAIKU)
    assert [line.model for line in lines] == ["anthropic/a", "anthropic/b"]
    assert attempts == 3


FREE = msgspec.structs.replace(HAIKU, rates=Rates(input=0, output=0))
SPOKEN = msgspec.structs.replace(HAIKU, left_out=("output_audio_mtok",))
SPEECH = {"purpose": "passed", "route": "/v1/audio/speech"}


@pytest.mark.parametrize(
    ("row", "card", "known"),
    [
        (SPEECH | {"usage_source": "estimated", "cost_nano": None}, HAIKU, False),
        (SPEECH | {"usage_source": "estimated", "cost_nano": None}, FREE, True),
        (SPEECH | {"cost_nano": None}, HAIKU, True),
        (SPEECH | {"cost_nano": None}, SPOKEN, False),
        (SPEECH, SPOKEN, True),  # then the answer has said what its tokens were
        (
            {
                "purpose": "passed",
                "route": "/v1/moderations",
                "usage_source": "estimated",
                "cost_nano": None,
            },
            HAIKU,
            True,
        ),
    ],
)
def test_what_nobody_has_counted_has_no_price_afterwards_either(row, card, known):
    (line,), _ = reprice([entry(**row)], lambda _: card)
    assert line.now_unpriced == (not known)
