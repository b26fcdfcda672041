"""What is asked of the calculator, read from a URL and written as one: it is the whole state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal, NamedTuple

import msgspec

from headgate.costs.columns import ColumnName
from headgate.errors import ConfigError, ConfigFault

__all__ = [
    "COLUMNS",
    "FIELDS",
    "SECOND",
    "Asked",
    "Control",
    "Question",
    "View",
    "asked_of",
]

SECOND = "b."
"""What the second scenario's fields begin with."""

COLUMNS: Mapping[str, ColumnName] = {
    "naive": "naive",
    "realistic": "realistic",
    "worst-case": "worst case",
}


class Control(NamedTuple):
    """One thing that can be set, and how."""

    name: str
    label: str
    group: str
    kind: Literal["share", "count", "usd", "model"]
    stops: tuple[str, ...] = ()
    """Where its slider stops, as it is written; without, it has no slider."""
    hint: str = ""


def _shares(*ends: tuple[int, int, float]) -> tuple[str, ...]:
    stops = []
    for low, high, step in ends:
        stops += [low + step * n for n in range(round((high - low) / step))]
    return tuple(f"{stop:g}%" for stop in [*stops, ends[-1][1]])


_COUNTS = tuple(
    f"{lead * 10**power:g}" for power in range(1, 7) for lead in (1, 1.5, 2, 3, 4, 5, 6, 8)
)
_TOKENS = tuple(
    str(round(lead * 10**power)) for power in range(1, 6) for lead in (1, 1.5, 2, 3, 4, 5, 6, 8)
)

FIELDS = (
    Control("requests_per_day", "Requests a day", "Traffic", "count", _COUNTS),
    Control("days", "Days a month", "Traffic", "count", tuple(map(str, range(1, 32)))),
    Control("input_tokens", "Tokens in", "Traffic", "count", _TOKENS),
    Control("output_tokens", "Tokens out", "Traffic", "count", _TOKENS),
    Control("cheap", "Cheap tier", "Models", "model"),
    Control("premium", "Premium tier", "Models", "model"),
    Control("classifier", "Classifier", "Models", "model", hint="or none"),
    Control("escalation", "Escalated to premium", "Routing", "share", _shares((0, 100, 1))),
    Control("cheap_retry_rate", "Retries, cheap", "Routing", "share", _shares((0, 60, 1))),
    Control("premium_retry_rate", "Retries, premium", "Routing", "share", _shares((0, 60, 1))),
    Control("stable_prefix", "Stable prefix of the input", "Prompt cache", "share",
            _shares((0, 100, 5))),
    Control("cache_hit_rate", "Cache hit rate", "Prompt cache", "share", _shares((0, 100, 5))),
    Control("overhead_usd", "Fixed cost a month, USD", "Fixed cost", "usd",
            ("0", "5", "10", "20", "50", "100", "200", "500", "1000", "2000", "5000")),
)  # fmt: skip
"""In the order of the form; the names are those of `headgate plan`'s flags."""

_NAMES = frozenset(control.name for control in FIELDS)
_SHARES = frozenset(control.name for control in FIELDS if control.kind == "share")


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario that is asked about."""

    origin: str = ""
    """An archetype; empty: the settings, or the built-in example."""
    measured: Literal["", "ledger", "sample"] = ""
    """Where measured values are taken from; a change stands above them."""
    at: date | None = None
    """Whose day's prices; None: today's."""
    strategy: Literal["routed", "cascade"] = "routed"
    against: str = ""
    """The single model that the strategy is held against; empty: the premium tier's."""
    changes: Mapping[str, str] = {}
    """Field -> value, as text."""

    def query(self, prefix: str = "") -> dict[str, str]:
        """The fields of its URL."""
        fixed = {
            "archetype": self.origin,
            "measured": self.measured,
            "at": "" if self.at is None else self.at.isoformat(),
            "strategy": "" if self.strategy == "routed" else self.strategy,
            "against": self.against,
        }
        given = {name: value for name, value in fixed.items() if value}
        return {f"{prefix}{name}": value for name, value in (given | dict(self.changes)).items()}


class View(NamedTuple):
    """What of the answer is looked at."""

    column: ColumnName
    across: str
    down: str


class Asked(NamedTuple):
    """What a URL asks, as far as it can be read, and what of it cannot."""

    first: Question
    second: Question | None
    view: View
    wrong: Mapping[str, Sequence[ConfigFault]]
    """By the prefix of the scenario; what is looked at belongs to the first."""

    @property
    def questions(self) -> Sequence[tuple[str, Question]]:
        """The scenarios by their prefix."""
        first = [("", self.first)]
        return first if self.second is None else [*first, (SECOND, self.second)]

    def checked(self) -> Asked:
        """The same, where all of it could be read.

        Raises:
            ConfigError: a day, a source, a strategy or a column is none.
        """
        faults = [
            ConfigFault(one.message, fix=one.fix, field=f"{prefix}{one.field}")
            for prefix, found in self.wrong.items()
            for one in found
        ]
        if faults:
            raise ConfigError("The plan cannot be made:", faults=faults)
        return self


def asked_of(query: Mapping[str, str]) -> Asked:
    """What the fields of a URL ask. Unknown fields ask nothing; an empty one is not changed."""
    wrong: dict[str, list[ConfigFault]] = {"": [], SECOND: []}
    first, second = _question(query, "", wrong[""]), None
    if "compare" in query or any(name.startswith(SECOND) for name in query):
        second = _question(query, SECOND, wrong[SECOND])
    column = query.get("column", "") or "realistic"
    if column not in COLUMNS:
        wrong[""].append(_fault("column", f"{column!r} is no column.", ", ".join(COLUMNS)))
    view = View(
        COLUMNS.get(column, "realistic"),
        query.get("across", "") or "escalation",
        query.get("down", "") or "price_ratio",
    )
    return Asked(first, second, view, wrong)


def _question(query: Mapping[str, str], prefix: str, wrong: list[ConfigFault]) -> Question:
    """The question that the fields with a prefix ask; what cannot be read is left out and told."""

    def get(name: str) -> str:
        return query.get(prefix + name, "").strip()

    measured, strategy, at = get("measured"), get("strategy") or "routed", None
    if measured not in ("", "ledger", "sample"):
        problem = f"{measured!r} is no source of measured values."
        wrong.append(_fault("measured", problem, "ledger or sample"))
        measured = ""
    if strategy not in ("routed", "cascade"):
        wrong.append(_fault("strategy", f"{strategy!r} is no strategy.", "routed or cascade"))
        strategy = "routed"
    if day := get("at"):
        try:
            at = date.fromisoformat(day)
        except ValueError:
            wrong.append(_fault("at", f"{day!r} is no date.", "a day such as 2026-11-20"))
    changes = {name: _plain(name, get(name)) for name in sorted(_NAMES) if get(name)}
    return Question(
        origin=get("archetype"),
        measured=measured,  # type: ignore[arg-type]  # just checked
        at=at,
        strategy=strategy,  # type: ignore[arg-type]  # just checked
        against=get("against"),
        changes=changes,
    )


def _plain(name: str, text: str) -> str:
    """As the scenario reads it: a share without a space, a count without commas."""
    text = text.replace("\u00a0", "").replace(" ", "") if name not in ("cheap", "premium") else text
    return text if name in _SHARES else text.replace(",", "")


def _fault(field: str, problem: str, choice: str) -> ConfigFault:
    return ConfigFault(problem, fix=f"Choose {choice}.", field=field)
