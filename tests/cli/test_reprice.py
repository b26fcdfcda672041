"""reprice: the command, over a ledger whose prices are those of the list, or are not."""

import json

import pytest

from headgate.cli.reprice import reprice_command
from headgate.errors import ConfigError
from headgate.values import Usage
from tests.cli.ledgers import URL, fill, run
from tests.ledger.samples import entry


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADGATE_CONFIG", raising=False)
    return tmp_path


def reprice(*args):
    return run(reprice_command, "--ledger", URL, *args)


def test_a_ledger_priced_by_the_list_stays_as_it_is(here):
    fill(here, [entry()])
    found = reprice("--json")
    assert found.code == 0
    (line,) = json.loads(found.out)["models"]
    assert (line["was_usd"], line["now_usd"], line["changed"]) == ("0.003", "0.003", 0)


def test_own_prices_show_what_they_would_change_and_change_nothing(here):
    (here / "prices.toml").write_text(
        '[prices."anthropic/claude-haiku-4-5"]\ninput = "2.00"\noutput = "10.00"\n'
    )
    fill(here, [entry(), entry(request_id="r1", cost_nano=None)])
    found = reprice("--prices", "prices.toml")
    assert found.code == 1
    assert "2 of 2 attempts would cost something else" in found.out
    row = next(line for line in found.out.splitlines() if line.startswith("ant"))
    assert row.split()[1:] == ["2", "2", "1", "0", "$0.003000", "$0.012000", "+$0.009000"]
    assert "The ledger was not changed" in found.out
    assert reprice("--prices", "prices.toml", "--json").code == 1


def test_another_day_has_its_own_prices(here):
    (here / "prices.toml").write_text(
        '[prices."anthropic/claude-haiku-4-5"]\nvalid_from = 2030-01-01\n'
        'input = "2.00"\noutput = "0"\n'
    )
    fill(here, [entry()])
    args = ("--prices", "prices.toml", "--json", "--at")
    (line,) = json.loads(reprice(*args, "2026-01-01").out)["models"]
    assert line["now_usd"] == "0.003"
    (line,) = json.loads(reprice(*args, "2030-01-01").out)["models"]
    assert line["now_usd"] == "0.002"
    with pytest.raises(ConfigError, match=r"The repricing cannot be made:\n.*no date"):
        reprice("--at", "someday")


def test_a_variant_stays_the_variant(here):
    fill(here, [entry(card="anthropic/claude-haiku-4-5@2025-10-15+processing=batch")])
    (line,) = json.loads(reprice("--json").out)["models"]
    assert line["now_usd"] == "0.0015"


def test_a_row_is_repriced_in_the_service_tier_that_has_served_it(here):
    batch = Usage(input=1000, output=400, service_tier="batch")
    scale = Usage(input=1000, output=400, service_tier="scale")
    fill(here, [entry(usage=batch, cost_nano=None, card=None)])
    (line,) = json.loads(reprice("--json").out)["models"]
    assert (line["was_unpriced"], line["now_unpriced"], line["now_usd"]) == (1, 0, "0.0015")
    fill(here, [entry(request_id="r1", usage=scale, cost_nano=None, card=None)])
    (line,) = json.loads(reprice("--json").out)["models"]
    assert (line["was_unpriced"], line["now_unpriced"], line["now_usd"]) == (2, 1, "0.0015")


def test_nothing_to_price_is_said(here):
    fill(here, [entry(usage_source="none", cost_nano=0)])
    assert reprice()[:2] == (0, "There is nothing to price.\n")
