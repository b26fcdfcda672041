"""Headgate: route each LLM request to a cheap or a premium model, and prove what that saves.

The cost model from Python (docs/python.md); nothing of it is loaded before it is asked for:

>>> from headgate import Classifier, Scenario, Tier, evaluate, price
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headgate.bootstrap.api import price
    from headgate.costs.advice import advice_of, solve
    from headgate.costs.gap import bound, gap
    from headgate.costs.model import Breakdown, evaluate
    from headgate.costs.scenario import Classifier, Misrouting, Scenario, Stress, Tier
    from headgate.costs.sensitivity import joint_shift, saving_map, simulate, tornado
    from headgate.costs.tripwire import Alternative, Tripwire, tripwire, tripwires
    from headgate.costs.vector import evaluate_many
    from headgate.costs.wording import headline
    from headgate.errors import ConfigError

__all__ = [
    "Alternative",
    "Breakdown",
    "Classifier",
    "ConfigError",
    "Misrouting",
    "Scenario",
    "Stress",
    "Tier",
    "Tripwire",
    "__version__",
    "advice_of",
    "bound",
    "evaluate",
    "evaluate_many",
    "gap",
    "headline",
    "joint_shift",
    "price",
    "saving_map",
    "simulate",
    "solve",
    "tornado",
    "tripwire",
    "tripwires",
]

__version__ = "0.1.0"

_HOME = {
    "Alternative": "costs.tripwire",
    "Breakdown": "costs.model",
    "Classifier": "costs.scenario",
    "ConfigError": "errors",
    "Misrouting": "costs.scenario",
    "Scenario": "costs.scenario",
    "Stress": "costs.scenario",
    "Tier": "costs.scenario",
    "Tripwire": "costs.tripwire",
    "advice_of": "costs.advice",
    "bound": "costs.gap",
    "evaluate": "costs.model",
    "evaluate_many": "costs.vector",
    "gap": "costs.gap",
    "headline": "costs.wording",
    "joint_shift": "costs.sensitivity",
    "price": "bootstrap.api",
    "saving_map": "costs.sensitivity",
    "simulate": "costs.sensitivity",
    "solve": "costs.advice",
    "tornado": "costs.sensitivity",
    "tripwire": "costs.tripwire",
    "tripwires": "costs.tripwire",
}


def __getattr__(name: str) -> object:
    """Load a public name from where it lives, the first time it is asked for."""
    if name not in _HOME:
        raise AttributeError(f"module 'headgate' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"headgate.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
