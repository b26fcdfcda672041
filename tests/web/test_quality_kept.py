"""quality_kept: what is kept with its interval, what users say, else nothing."""

import msgspec

from headgate.monitor.feedback import by_tier
from headgate.monitor.quality import Quality, QualityWatch
from headgate.render.page import Items
from headgate.render.table import Table
from headgate.web.quality_kept import quality_blocks
from tests.monitor.test_feedback import signal
from tests.monitor.test_quality import compared, fallen, folded


def kept(floor: float | None = 0.95) -> Quality:
    return folded(floor, [compared(n, route="/a" if n % 2 else "/b") for n in range(200)])


def words(quality: Quality) -> str:
    first, *_ = quality_blocks(quality, ())
    assert isinstance(first, Items)
    return " ".join(first.items)


def test_what_is_kept_is_told_with_the_evidence_for_a_fall():
    text = words(kept())
    assert "The floor of 95.0 % is" in text
    assert "Evidence for a fall:" in text
    assert "200 sampled, 200 judged, 200 decided" in text


def test_a_fall_is_told_with_since_when():
    assert "Below the floor of 95.0 % since 2026-11-" in words(fallen())


def test_without_a_floor_that_is_said():
    assert "No floor is set" in words(kept(None))


def test_routes_are_compared_below_all_requests():
    *_, table = quality_blocks(kept(), ())
    assert isinstance(table, Table)
    assert [row[:2] for row in table.rows][:3] == [
        ("all", "requests"), ("route", "/a"), ("route", "/b"),
    ]  # fmt: skip
    assert table.rows[0][5] == "0 / 200 / 0"


def test_users_ratings_stand_by_themselves_too():
    ratings = by_tier([signal(1, tier="cheap"), signal(2, 0.0, tier="cheap"), signal(3)])
    (table,) = quality_blocks(None, ratings)
    assert isinstance(table, Table)
    assert ("cheap", "2", "1", "1") in [row[:4] for row in table.rows]
    assert "none" in [row[0] for row in table.rows]


def test_where_nothing_is_compared_or_rated_there_is_nothing():
    assert list(quality_blocks(None, ())) == []
    assert list(quality_blocks(QualityWatch(0.95).assess(), ())) == []


def test_what_has_no_price_is_not_told_as_no_money():
    quality = kept()
    funnel = msgspec.structs.replace(quality.funnel, cost_nano=0, unpriced=3)
    said = words(msgspec.structs.replace(quality, funnel=funnel))
    assert "unknown money spent" in said
    assert "$0" not in said
