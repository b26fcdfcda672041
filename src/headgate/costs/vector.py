"""Millions of scenarios at once: the same formulas over arrays of values. Needs numpy.

The arrays go through the very lines that the plan goes through, as float64. Their rounding is far
below a nano-dollar for bills of up to some 100,000 US dollars a month; docs/python.md says more.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from headgate.costs.columns import ColumnName, at_column
from headgate.costs.formula import Month, total
from headgate.costs.parameters import parameters
from headgate.costs.quantities import Inputs, as_floats
from headgate.costs.scenario import Scenario
from headgate.errors import ConfigError, ConfigFault

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = ["CHUNK", "Many", "evaluate_many"]

CHUNK = 8192
"""Scenarios that are evaluated together: so many that numpy's own cost per call is spread thin, so
few that the arrays in between stay in the processor's cache."""


class Many(NamedTuple):
    """Bills of many scenarios, US dollars times 10⁹ a month, unrounded."""

    routed: NDArray[np.float64]
    all_premium: NDArray[np.float64]

    @property
    def saving(self) -> NDArray[np.float64]:
        """Of routing against all-premium, as a share; not a number where all-premium is free."""
        saving: NDArray[np.float64] = 1 - self.routed / self.all_premium
        return saving


def evaluate_many(
    scenario: Scenario,
    values: Mapping[str, ArrayLike],
    *,
    column: ColumnName = "realistic",
) -> Many:
    """A scenario with parameters replaced by arrays, one scenario for each place in them.

    Args:
        scenario: everything that is not replaced.
        values: by the name of a parameter (`headgate.costs.parameters`), its values; all arrays are
            of one length, a single number stands for all.
        column: the assumptions.

    Raises:
        ConfigError: numpy is missing, a parameter is unknown, a value is not within 0 and the
            parameter's limits, or the lengths differ.
    """
    arrays, count = _arrays(scenario, values)
    np = _numpy()
    x = as_floats(scenario.inputs)
    known = parameters(scenario, x)
    routed, premium = np.empty(count), np.empty(count)
    for start in range(0, count, CHUNK):
        part = slice(start, min(start + CHUNK, count))
        moved = x
        for name, array in arrays.items():
            moved = known[name].set(moved, array if array.ndim == 0 else array[part])
        routed[part], premium[part] = _pair(at_column(scenario, column, moved))
    return Many(routed, premium)


def _pair(x: Inputs) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    month = Month(x)
    return total(month.routed()), total(month.single(len(x.tiers) - 1))


def _arrays(
    scenario: Scenario, values: Mapping[str, ArrayLike]
) -> tuple[dict[str, NDArray[np.float64]], int]:
    np = _numpy()
    known = parameters(scenario)
    arrays, faults, sizes = {}, [], set()
    for name, given in values.items():
        parameter = known.get(name)
        if parameter is None or (name == "escalation" and scenario.misrouting is not None):
            why = f"The scenario has no parameter {name!r} to replace."
            faults.append(ConfigFault(why, fix=f"Choose among {', '.join(known)}.", field=name))
            continue
        array = np.asarray(given, dtype=np.float64)
        top = 1.0 if parameter.unit == "share" else np.inf
        if array.ndim > 1 or not bool(np.all((array >= 0) & (array <= top) & (array < np.inf))):
            what = "shares of 0 to 1" if top == 1 else "numbers of 0 or more"
            faults.append(
                ConfigFault("A value is out of range.", fix=f"Give {what}, in one row.", field=name)
            )
        arrays[name] = array
        if array.ndim:
            sizes.add(array.size)
    if not faults and len(sizes) > 1:
        told = ", ".join(map(str, sorted(sizes)))
        faults.append(ConfigFault(f"The arrays have {told} values.", fix="Give all the same."))
    if faults:
        raise ConfigError("The scenarios cannot be evaluated:", faults=faults)
    return arrays, sizes.pop() if sizes else 1


def _numpy() -> ModuleType:
    """The module, loaded when it is first needed: a plan does without."""
    try:
        import numpy as np
    except ImportError as error:
        raise ConfigError(
            "Many scenarios at once need numpy.", fix="Install it: pip install headgate[vector]"
        ) from error
    return np
