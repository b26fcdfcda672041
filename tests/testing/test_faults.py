"""faults: stated rates are kept, orders come first, and the seed decides, not the arrival."""

import pytest

from headgate.testing.brain import Prompt, Turn
from headgate.testing.faults import FAULTS, FaultPlan, Faults, Pace


def prompt(text: str, model: str = "small") -> Prompt:
    return Prompt(model=model, system="", turns=(Turn("user", text),), text=text)


def test_failures_come_at_the_stated_rates():
    faults = Faults(FaultPlan(overloaded=0.05, rate_limited=0.04, error=0.03, empty=0.02, seed=3))
    drawn = [faults.next(prompt(f"request {index}")) for index in range(5000)]
    rates = {kind: drawn.count(kind) / 5000 for kind in FAULTS}
    assert rates["overloaded"] == pytest.approx(0.05, abs=0.01)
    assert rates["rate_limited"] == pytest.approx(0.04, abs=0.01)
    assert rates["error"] == pytest.approx(0.03, abs=0.01)
    assert rates["empty"] == pytest.approx(0.02, abs=0.01)
    assert rates["stall"] == rates["reset"] == 0


def test_the_order_of_arrival_does_not_change_who_fails():
    texts = [f"request {index}" for index in range(300)]
    plan = FaultPlan(overloaded=0.2, seed=1)

    def failing(order):
        faults = Faults(plan)
        return {text for text in order if faults.next(prompt(text))}

    assert failing(texts) == failing(reversed(texts))
    assert failing(texts) != {
        text for text in texts if FaultPlan(overloaded=0.2, seed=2).draw(prompt(text), 0)
    }


def test_where_nothing_can_fail_nothing_is_remembered():
    faults = Faults(FaultPlan())
    for index in range(10):
        assert faults.next(prompt(f"request {index}")) is None
    assert not faults._calls


def test_a_repeated_request_draws_anew():
    faults = Faults(FaultPlan(overloaded=0.5))
    drawn = {faults.next(prompt("again")) for _ in range(40)}
    assert drawn == {"overloaded", None}


def test_an_order_fails_every_time_or_as_often_as_it_says():
    faults = Faults(FaultPlan())
    assert [faults.next(prompt("[[reset]]")) for _ in range(3)] == ["reset"] * 3
    drawn = [faults.next(prompt("[[overloaded:2]]")) for _ in range(4)]
    assert drawn == ["overloaded", "overloaded", None, None]


def test_an_order_for_another_model_is_not_ours():
    faults = Faults(FaultPlan())
    assert faults.next(prompt("[[stall@large]]")) is None
    assert faults.next(prompt("[[stall@large]]", model="large")) == "stall"


def test_other_orders_are_no_failures():
    assert Faults(FaultPlan()).next(prompt("[[tool]] [[say:1]]")) is None


@pytest.mark.parametrize("rates", [{"empty": -0.1}, {"reset": 1.1}, {"stall": 0.6, "error": 0.6}])
def test_rates_that_cannot_be_are_refused(rates):
    with pytest.raises(ValueError, match="between 0 and 1"):
        FaultPlan(**rates)


def test_waiting_times_spread_around_their_median():
    pace = Pace(first=0.2, spread=0.5, seed=1)
    waits = sorted(pace.wait(prompt(f"request {index}")) for index in range(2001))
    assert waits[1000] == pytest.approx(0.2, rel=0.08)
    assert waits[int(2001 * 0.84)] == pytest.approx(0.2 * 1.65, rel=0.1)
    assert waits[0] > 0


def test_without_a_spread_every_answer_takes_the_same_time():
    assert Pace(first=0.1).wait(prompt("a")) == 0.1
    assert Pace(spread=0.5).wait(prompt("a")) == 0
