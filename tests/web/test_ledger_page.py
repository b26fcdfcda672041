"""ledger_page: a page asks about the period of its URL, else about its usual one."""

import pytest

from headgate.errors import ConfigError
from headgate.ledger.totals import DAY_US, HOUR_US
from headgate.web.ledger_page import LedgerPage
from headgate.web.visit import Visit
from tests.ledger.samples import NOON_US
from tests.web.ledgers import observer, templates


def page() -> LedgerPage:
    return LedgerPage(observer(), templates(), lambda: NOON_US)


def test_without_a_period_it_is_the_usual_one():
    period = page()._period(Visit(method="GET", path="/"), "7d")
    assert period.since == "7d"
    assert period.window.since_us == (NOON_US - 7 * DAY_US) // HOUR_US * HOUR_US


def test_what_is_asked_goes_before():
    asked = Visit(method="GET", path="/", query={"since": "24h", "key": "a"})
    period = page()._period(asked, "7d")
    assert (period.since, period.only) == ("24h", {"key": "a"})


def test_a_period_that_is_none_is_refused():
    with pytest.raises(ConfigError):
        page()._period(Visit(method="GET", path="/", query={"to": "soon"}), "7d")
