"""errors: a fault says where and how to mend it; several parts' faults are told at once."""

import pytest

from headgate.errors import ConfigError, ConfigFault, Gathered


def fails(*names: str, message: str = "It cannot be made:"):
    def make() -> str:
        raise ConfigError(message, faults=[ConfigFault("No.", fix="Yes.", field=n) for n in names])

    return make


def test_a_fault_says_where_it_stands_and_how_to_mend_it():
    fault = ConfigFault("No.", fix="Yes.", field="a.b", line=3, source="x.toml")
    assert str(fault) == "x.toml:3: a.b: No. Yes."
    assert str(ConfigFault("No.", fix="Yes.")) == "No. Yes."


def test_an_error_stands_with_every_fault_below_it_and_long_ways_out_are_indented():
    fault = ConfigFault("No.", fix="Write:\n  a = 1", field="a")
    assert str(ConfigError("Wrong:", faults=[fault])) == "Wrong:\n  a: No. Write:\n    a = 1"


def test_an_error_without_faults_is_told_as_one():
    (fault,) = ConfigError("No ledger.", fix="Name one.").told
    assert (fault.message, fault.fix, fault.field) == ("No ledger.", "Name one.", None)
    assert [one.field for one in caught(fails("a", "b")).told] == ["a", "b"]


def caught(make) -> ConfigError:
    with pytest.raises(ConfigError) as error:
        make()
    return error.value


def test_what_nothing_is_wrong_with_is_given():
    gathered = Gathered("All:")
    assert gathered.of(lambda: 1, 0) == 1
    assert gathered.finish(lambda: None) is None


def test_one_error_alone_is_raised_as_it_is_whenever_it_came():
    early = Gathered("All:")
    assert early.of(fails("a"), "") == ""
    assert str(caught(lambda: early.finish(lambda: 1))).startswith("It cannot be made:\n  a:")
    late = Gathered("All:")
    assert str(caught(lambda: late.finish(fails("b")))).startswith("It cannot be made:\n  b:")


def test_several_errors_are_told_as_one_in_their_order():
    gathered = Gathered("All:")
    gathered.of(fails("a", "b"), "")
    gathered.of(lambda: 1, 0)
    error = caught(lambda: gathered.finish(fails("c")))
    assert error.message == "All:"
    assert [fault.field for fault in error.faults] == ["a", "b", "c"]


def test_what_is_no_fault_of_the_configuration_passes():
    with pytest.raises(ZeroDivisionError):
        Gathered("All:").of(lambda: 1 // 0, 0)
