"""What is wrong with a question to the calculator, by the field of the form that asked it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from headgate.errors import ConfigError
from headgate.web.question import FIELDS, SECOND

__all__ = ["Fault", "Problem"]


class Fault(NamedTuple):
    """One thing that is wrong, and how to mend it."""

    field: str
    """Of the form; empty where it is none's."""
    label: str
    """Its name for people."""
    what: str
    fix: str


class Problem(NamedTuple):
    """What is wrong with one scenario, by field."""

    message: str
    told: Sequence[Fault]

    @classmethod
    def of(cls, error: ConfigError, prefix: str = "") -> Problem:
        """What an error says; the second scenario's fields begin with a prefix."""
        message = f"B: {error.message}" if prefix == SECOND else error.message
        told = []
        for fault in error.faults:
            name = _field(fault.field or "")
            label = _label(name, prefix)
            field = prefix + name if label else ""
            told.append(Fault(field, label, fault.message, fault.fix or ""))
        return cls(message, told or [Fault("", "", "", error.fix or "")])

    @property
    def fields(self) -> Mapping[str, str]:
        """What is wrong with each field of the form."""
        return {one.field: f"{one.what} {one.fix}".strip() for one in self.told if one.label}


def _label(name: str, prefix: str) -> str:
    label = next((control.label for control in FIELDS if control.name == name), "")
    return f"B, {label}" if label and prefix else label


def _field(path: str) -> str:
    """The form's name for what a fault names: `tiers.cheap.retry_rate` is `cheap_retry_rate`."""
    parts = path.split(".")
    if len(parts) == 3 and parts[0] == "tiers" and parts[2] in ("retry_rate", "model"):
        return parts[1] if parts[2] == "model" else f"{parts[1]}_{parts[2]}"
    return parts[-1]
