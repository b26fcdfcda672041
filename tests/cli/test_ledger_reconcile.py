"""ledger_reconcile: an export in, agreement or the differences out."""

import json

import pytest

from headgate.cli.ledger import ledger
from headgate.errors import ConfigError
from headgate.values import Usage
from tests.analysis.invoices import ANTHROPIC_USAGE
from tests.cli.ledgers import URL, fill, run
from tests.ledger.samples import NOON_US, entry

SAME = entry(usage=Usage(1500, 300, 200, 500, 1000))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADGATE_CONFIG", raising=False)
    (tmp_path / "usage.json").write_text(ANTHROPIC_USAGE)
    return tmp_path


def reconcile(*args):
    return run(ledger, "reconcile", "--ledger", URL, "--provider", "anthropic", *args)


def test_an_account_that_agrees_is_exit_code_zero(here):
    other = entry(request_id="r1", provider="google", usage=Usage(7, 7))
    fill(here, [SAME, other, entry(request_id="r2", at_us=NOON_US - 86_400_000_000)])
    assert reconcile("usage.json")[:2] == (0, "Invoice and ledger agree: 5 amounts.\n")
    assert "cache_write_1h" in reconcile("usage.json", "--all").out


def test_a_difference_is_shown_by_day_model_and_kind(here):
    fill(here, [SAME, entry(request_id="r1", usage=Usage(0, 25), usage_source="estimated")])
    found = reconcile("usage.json")
    assert found.code == 1
    assert "1 of 5 amounts differ. Estimated are the tokens of 1 attempt." in found.out
    (row,) = [line for line in found.out.splitlines() if "output" in line]
    assert row.split() == ["2026-11-23", "claude-haiku-4-5", "output", "300", "325", "-25"]
    (fact,) = [line for line in json.loads(reconcile("usage.json", "--json").out)["lines"]
               if line["difference"]]  # fmt: skip
    assert (fact["kind"], fact["invoice"], fact["ledger"]) == ("output", 300, 325)


def test_money_in_csv_is_compared_to_the_nano_dollar(here):
    fill(here, [SAME])
    (here / "bill.csv").write_text("when,usd\n2026-11-23,0.003000001\n")
    found = reconcile("bill.csv", "--map", "day=when", "--map", "cost=usd", "--json")
    (line,) = json.loads(found.out)["lines"]
    assert (line["model"], line["difference"]) == (None, "0.000000001")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("absent.json",), r"absent.json cannot be read: No such file"),
        (("usage.json", "--map", "day"), "maps nothing"),
        (("usage.json", "--map", "colour=x"), "maps nothing"),
        (("empty.json",), "The export is empty"),
    ],
)
def test_what_cannot_be_used_is_named(here, args, says):
    fill(here, [SAME])
    (here / "empty.json").write_text('{"data": []}')
    with pytest.raises(ConfigError, match=says):
        reconcile(*args)
