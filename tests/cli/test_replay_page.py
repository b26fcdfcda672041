"""A replay's page and document: figures with their ends, and a dash where there is none."""

from headgate.analysis.curve import Measure
from headgate.analysis.replay import Replayed
from headgate.cli.replay_page import Told, document, page

SHARE = Measure(0.25, 0.2, 0.3)
NONE = Measure(None, None, None)


def one(**other: object) -> Replayed:
    facts = {
        "name": "auto",
        "escalation": SHARE,
        "quality": Measure(0.9, 0.85, 0.95),
        "of_premium": Measure(0.98, 0.97, 0.99),
        "cost": Measure(1_000_000.0, 900_000.0, 1_100_000.0),
        "saving": Measure(0.5, 0.45, 0.55),
        "missed": 0.1,
        "wasted": None,
        "reasons": {"rule:hard": 3, "default": 1},
        "note": "a note",
    }
    return Replayed(**(facts | other))  # type: ignore[arg-type]


def told(*policies: Replayed) -> Told:
    return Told(rows=40, policies=list(policies), requests_a_month=3000, notes=["beware"])


def test_the_page_shows_figures_with_their_ends():
    text = page(told(one()))
    assert "40 graded requests replayed; bills for 3,000 a month" in text
    assert "25.0 % [20, 30]" in text
    assert "$3.00" in text
    assert "auto: rule:hard 75 %, default 25 %." in text
    assert "auto: a note." in text
    assert "Note: beware" in text


def test_what_is_not_known_is_a_dash():
    text = page(told(one(cost=NONE, saving=NONE, of_premium=NONE, missed=None)))
    assert text.count("–") == 5


def test_the_document_prices_the_month_exactly():
    [found] = document(told(one()))["policies"]
    assert found["bill_a_month"] == {"value": "3", "low": "2.7", "high": "3.3"}
    assert found["escalation"] == {"value": 0.25, "low": 0.2, "high": 0.3}
    assert found["wasted"] is None
