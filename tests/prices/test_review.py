"""review: what a new list changes, and what is too odd to believe."""

from datetime import date

import pytest

from headgate.prices.review import Change, review
from headgate.prices.table import Table
from tests.prices.feeds import TODAY, model, table


def reviewed(tmp_path, before, after):
    return review(table(tmp_path, *after), table(tmp_path, *before), TODAY)


def priced(price, **more):
    return model({"input_mtok": price, "output_mtok": 5}, **more)


def test_a_list_held_against_itself_changes_nothing(tmp_path):
    shipped = Table.shipped()
    found = review(shipped, shipped, TODAY)
    assert (found.added, found.removed, found.changes, found.doubts) == ((), (), (), ())
    assert found.models > 2000


def test_added_removed_and_changed_are_told_apart(tmp_path):
    many = [priced(1, id=f"x{n}") for n in range(10)]
    found = reviewed(
        tmp_path,
        [*many, priced(1, id="gone"), priced(1, id="same")],
        [*many[1:], priced(2, id="x0"), priced(1, id="same"), priced(1, id="new")],
    )
    assert (found.added, found.removed) == (("p/new",), ("p/gone",))
    assert [str(change) for change in found.changes] == [
        "p/x0: input $1.00 -> $2.00 per million tokens"
    ]
    assert found.doubts == ()


@pytest.mark.parametrize(
    ("before", "after", "jumped"),
    [
        (1, 9.99, False),
        (1, 10, True),
        (10, 1, True),
        (10, 1.01, False),
        (0, 1, True),
        (1, 0, True),
    ],
)
def test_ten_times_as_much_or_a_tenth_is_a_jump(tmp_path, before, after, jumped):
    found = reviewed(tmp_path, [priced(before)], [priced(after)])
    assert bool(found.doubts) is jumped
    if jumped:
        assert found.doubts == (f"{found.changes[0]}.",)


def test_a_price_that_comes_or_goes_is_a_change_and_no_jump():
    assert not Change("p/m", "input", None, 5).jumped
    assert not Change("p/m", "input", 5, None).jumped
    assert str(Change("p/m", "input", None, 5_000_000)).endswith("none -> $5.00 per million tokens")


def test_a_list_that_has_shrunk_is_doubted(tmp_path):
    before = [priced(1, id=f"m{n}") for n in range(20)]
    assert reviewed(tmp_path, before, before[2:]).doubts == ()
    (doubt,) = reviewed(tmp_path, before, before[3:]).doubts
    assert doubt == "3 of 20 models are gone, more than 10 %; such as p/m0, p/m1, p/m2."


def test_a_list_whose_newest_price_is_older_is_doubted(tmp_path):
    def dated(day):
        prices = {"input_mtok": 1, "output_mtok": 5}
        return model([{"prices": prices}, {"constraint": {"start_date": day}, "prices": {}}])

    (doubt,) = reviewed(tmp_path, [dated("2026-10-02")], [dated("2026-10-01")]).doubts
    assert "began on 2026-10-01, that of the list in use on 2026-10-02" in doubt
    assert reviewed(tmp_path, [dated("2026-10-01")], [dated("2026-10-02")]).doubts == ()


def test_prices_are_compared_as_of_the_day(tmp_path):
    later = {"constraint": {"start_date": "2027-01-01"}, "prices": {"input_mtok": 50}}
    changing = model([{"prices": {"input_mtok": 1}}, later])
    same = model({"input_mtok": 1})
    new, old = table(tmp_path, changing), table(tmp_path, same)
    assert review(new, old, TODAY).changes == ()
    assert len(review(new, old, date(2027, 1, 1)).changes) == 1
