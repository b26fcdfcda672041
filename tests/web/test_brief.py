"""brief: who answered, in which colour, for how much; comparisons afterwards are not its cost."""

import pytest

from headgate.render.palette import CHECK, CLASSIFIER, QUIET, tier_colour
from headgate.web.brief import brief, colour_of
from tests.ledger.samples import NOON_US, entry

TIERS = ("cheap", "premium")


def test_the_attempt_that_was_served_says_who_answered():
    failed = entry(served=False, status=503, error="status", cost_nano=1_000_000)
    served = entry(attempt=1, at_us=NOON_US + 9, tier="premium", premium=True, cost_nano=2_000_000)
    line = brief([failed, served], TIERS)
    assert (line["tier"], line["attempts"], line["served"]) == ("premium", 2, True)
    assert line["escalated"]
    assert line["cost"] == "$0.003000"


def test_where_nobody_answered_the_last_attempt_is_shown():
    line = brief([entry(served=False), entry(attempt=1, served=False, tier="premium")], TIERS)
    assert not line["served"]
    assert not line["escalated"]
    assert line["tier"] == "premium"


def test_a_call_without_a_price_is_said_and_a_comparison_is_not_the_callers_cost():
    shadow = entry(attempt=2, purpose="shadow", cost_nano=9_000_000_000, served=False)
    line = brief([entry(cost_nano=1_000_000), shadow], TIERS)
    assert line["cost"] == "$0.001000"
    assert brief([entry(cost_nano=None)], TIERS)["cost"] == "unknown"
    both = [entry(cost_nano=1_000_000), entry(attempt=1, cost_nano=None)]
    assert brief(both, TIERS)["cost"] == "$0.001000 and unpriced"


@pytest.mark.parametrize(
    ("made", "colour"),
    [
        ({"tier": "cheap"}, tier_colour(0, 2)),
        ({"tier": "premium"}, tier_colour(1, 2)),
        ({"purpose": "classifier", "tier": "classifier"}, CLASSIFIER),
        ({"purpose": "verifier", "tier": "cheap"}, CHECK),
        ({"purpose": "judge", "tier": "premium"}, CHECK),
        ({"tier": "of settings that are no more"}, QUIET),
    ],
)
def test_a_tier_has_its_colour_and_so_has_what_decides_or_checks(made, colour):
    assert colour_of(entry(**made), TIERS) == colour
