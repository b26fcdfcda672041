"""measured: what a store says becomes settings that plan with it."""

from fractions import Fraction

import pytest

from headgate.bootstrap.book import book_of
from headgate.bootstrap.measured import Measurement, estimated_settings, measured_settings
from headgate.bootstrap.scenario import scenario_of
from headgate.errors import ConfigError
from headgate.ledger.store import DAY_US, RequestTotal, TierTotal
from headgate.monitor.headroom import headroom
from headgate.settings import read_with_sources
from headgate.values import Usage
from tests.web.houses import DAY

SETTINGS = read_with_sources(None, env={}, need_providers=False).settings
BOOK = book_of(SETTINGS, env={})


def tier(name: str, role: str, attempts: int, usage: Usage) -> TierTotal:
    return TierTotal(
        routed=True, role=role, tier=name, premium=name == "premium", priced=True,  # type: ignore[arg-type]
        attempts=attempts, estimated=0, cost_nano=1, usage=usage,
    )  # fmt: skip


def requests(served: int, escalated: int, days: float = 10.0) -> RequestTotal:
    return RequestTotal(
        routed=True, requests=served, served=served, escalated=escalated, comparable=0,
        paid_nano=0, baseline_nano=0, paid_squared=0.0, baseline_squared=0.0, paid_baseline=0.0,
        first_us=0, last_us=round(days * DAY_US),
    )  # fmt: skip


TIERS = [
    tier("classifier", "classifier", 10_000, Usage(3_500_000, 100_000)),
    tier("cheap", "answer", 7_000, Usage(5_600_000, 2_100_000, 1_400_000)),
    tier("premium", "answer", 3_000, Usage(6_000_000, 1_800_000)),
    tier("premium", "retry", 1_000, Usage()),
]


def measured(served: int = 10_000, escalated: int = 3_000) -> Measurement:
    return measured_settings(SETTINGS, BOOK, DAY, TIERS, [requests(served, escalated)])


def test_means_and_rates_take_the_plans_place():
    settings = measured().settings
    assert settings.traffic.requests_per_day == 1000
    assert settings.escalation.rate == 0.3
    cheap, premium = settings.tiers
    assert (cheap.input_tokens, cheap.output_tokens) == (1000, 300)
    assert (premium.input_tokens, premium.output_tokens) == (2000, 600)
    assert premium.retry_rate == 0.25
    assert (settings.classifier.input_tokens, settings.classifier.output_tokens) == (350, 10)
    assert settings.traffic.stable_prefix == pytest.approx(1_400_000 / 13_000_000, abs=1e-4)


def test_the_interval_is_the_rates_own():
    low, high = measured().interval
    assert low < Fraction(3, 10) < high
    assert "10,000 routed requests of 10 days" in measured().sentence


def test_the_plan_of_it_crosses_where_the_headroom_does():
    settings = measured().settings
    watched = headroom(scenario_of(SETTINGS, BOOK, DAY), TIERS, [requests(10_000, 3_000)])
    planned = headroom(scenario_of(settings, BOOK, DAY), [], [requests(10_000, 3_000)])
    assert watched is not None
    assert planned is not None
    assert planned.crossing == pytest.approx(watched.crossing, abs=2e-3)


@pytest.mark.parametrize("totals", [[], [requests(99, 10)]])
def test_too_few_requests_are_not_worth_planning_with(totals):
    with pytest.raises(ConfigError, match="served routed requests"):
        measured_settings(SETTINGS, BOOK, DAY, TIERS, totals)


SAMPLE = """
[traffic]
requests_per_day = 500
input_tokens = 1200
[escalation]
rate = 0.31
low = 0.28
high = 0.34
"""


def test_what_the_estimate_wrote_takes_the_plans_place(tmp_path):
    path = tmp_path / "measured.toml"
    path.write_text(SAMPLE, encoding="utf-8")
    found = estimated_settings(path)(SETTINGS, BOOK, DAY)
    assert found.settings.traffic.requests_per_day == 500
    assert found.settings.traffic.input_tokens == 1200
    assert found.settings.traffic.output_tokens == SETTINGS.traffic.output_tokens
    assert found.settings.escalation.rate == 0.31
    assert [float(end) for end in found.interval] == [0.28, 0.34]
    assert "measured.toml" in found.sentence


@pytest.mark.parametrize("text", ["", "[escalation]\nrate = 0.3", "x", "[escalation]\nrate = 7.0"])
def test_a_file_that_no_estimate_wrote_is_refused(tmp_path, text):
    path = tmp_path / "measured.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="estimate --write"):
        estimated_settings(path)


def test_a_sample_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        estimated_settings(tmp_path / "none.toml")
