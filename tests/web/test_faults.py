"""faults: each is told by the name of its field, and of the second scenario as such."""

from headgate.errors import ConfigError, ConfigFault
from headgate.web.faults import Fault, Problem


def problem(field: str | None, prefix: str = "") -> Problem:
    fault = ConfigFault("1.4 is too high.", fix="Give a share of 0 to 1.", field=field)
    return Problem.of(ConfigError("It cannot be evaluated:", faults=[fault]), prefix)


def test_a_fault_has_the_name_of_its_field_and_its_label():
    (fault,) = problem("escalation").told
    assert fault == Fault(
        "escalation", "Escalated to premium", "1.4 is too high.", "Give a share of 0 to 1."
    )
    assert problem("escalation").fields == {
        "escalation": "1.4 is too high. Give a share of 0 to 1."
    }


def test_a_path_of_the_settings_is_the_field_that_stands_for_it():
    names = ("tiers.cheap.retry_rate", "tiers.premium.model", "traffic.input_tokens")
    assert [problem(name).told[0].field for name in names] == [
        "cheap_retry_rate", "premium", "input_tokens",
    ]  # fmt: skip


def test_a_fault_of_the_second_scenario_says_so():
    (fault,) = problem("escalation", "b.").told
    assert (fault.field, fault.label) == ("b.escalation", "B, Escalated to premium")
    assert problem("escalation", "b.").message == "B: It cannot be evaluated:"
    assert problem("escalation").message == "It cannot be evaluated:"


def test_what_belongs_to_no_field_is_told_without_one():
    for field in ("plan.targets", None):
        (fault,) = problem(field).told
        assert (fault.field, fault.label) == ("", "")
        assert problem(field).fields == {}


def test_without_a_single_fault_the_way_out_is_told():
    told = Problem.of(ConfigError("No ledger.", fix="Name one.")).told
    assert told == [Fault("", "", "", "Name one.")]
