"""complaints: the log says it once a minute, with the numbers of that moment."""

from headgate.ledger.complaints import COMPLAIN_SECONDS, Complaints
from tests.ledger.moods import Watch


def test_the_same_trouble_is_logged_once_a_minute_and_another_at_once(caplog):
    clock, numbers = Watch(), iter(range(9))
    complain = Complaints(clock, lambda: f"lost {next(numbers)}")
    complain("ledger.row_lost", "no room")
    complain("ledger.row_lost", "no room")
    complain("ledger.store_failed", "away")
    clock.now += COMPLAIN_SECONDS
    complain("ledger.row_lost", "no room")
    assert caplog.messages == [
        "ledger.row_lost: no room (lost 0)",
        "ledger.store_failed: away (lost 1)",
        "ledger.row_lost: no room (lost 2)",
    ]


def test_a_defect_is_logged_with_its_traceback(caplog):
    try:
        raise ZeroDivisionError("a defect")
    except ZeroDivisionError as error:
        Complaints(Watch(), lambda: "")("ledger.store_failed", error, defect=error)
    assert "Traceback" in caplog.text
