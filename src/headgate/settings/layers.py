"""The layers that settings come in: the file, HEADGATE_ variables over it, --set over both."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence

from headgate.settings.document import Path
from headgate.settings.draft import Draft, Given, Source
from headgate.settings.fields import POLICY_RULES, RULES, SECTIONS, Section
from headgate.settings.forms import NAME
from headgate.settings.redaction import shown, shown_path

__all__ = ["add_environment", "add_file", "add_flags", "refuse_unknown"]

PREFIX = "HEADGATE_"

_RULES: dict[str, Section] = {"classifier": RULES, "policies": POLICY_RULES}
_TABLES: dict[str, Section] = {
    section.name: section for section in SECTIONS if section not in _RULES.values()
}

_NESTED = {"rules": "[[classifier.rules]]"}
"""Sections that stand below another one, by the name that they are looked for under."""

# What is called HEADGATE_ and is no setting: what other parts read, and what Kubernetes sets in
# every pod for a service that is named headgate or headgate-something.
_OTHERS = re.compile(
    r"HEADGATE_(?:CONFIG|DEBUG|SHARED"
    r"|(?:.*_)?(?:SERVICE_HOST|SERVICE_PORT(?:_.*)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_.*)?)?)"
    r"|(?!(?:TRAFFIC|CLASSIFIER|POLICIES|TIERS|ESCALATION|PROVIDERS|EGRESS|PRICES|PRICE_LIST|ENDS"
    r"|RESILIENCE|SERVER|SESSIONS|LEDGER|PLAN|WATCH|ALERTS|QUALITY)_)"
    r".*(?:KEY|TOKEN|SECRET|PASSWORD))"
)


def add_file(draft: Draft) -> None:
    """Take over the values of the draft's document; what is not a setting is a fault."""
    for name, value in draft.document.tree.items():
        section = _TABLES.get(name)
        if section is None:
            _unknown_section(draft, name, value)
        elif section.shape == "list":
            _add_list(draft, section, (name,), value)
        elif not isinstance(value, dict):
            draft.unsure.add((name,))
            draft.fault(
                (name,),
                f"{name} is a section, not a value.",
                f"Write a line {section.header} and the settings below it.",
            )
        elif section.shape == "named":
            _add_named(draft, section, value)
        else:
            draft.tables[(name,)] = draft.source
            _add_table(draft, section, (name,), value)


def _unknown_section(draft: Draft, name: str, value: object) -> None:
    homes = [section.name for section in SECTIONS if section.field(name)]
    if homes and not isinstance(value, dict):
        fix = f"Move it below [{homes[0]}]."
    elif name in _NESTED:
        fix = f"It is written {_NESTED[name]}."
    else:
        known = ", ".join(f"[{known}]" for known in _TABLES)
        fix = f"{draft.guess(name, _TABLES)}The sections are {known}."
    draft.fault((name,), "There is no such section.", fix)


def _add_named(draft: Draft, section: Section, tables: Mapping[str, object]) -> None:
    for name, table in tables.items():
        path: Path = (section.name, name)
        if not isinstance(table, dict):
            draft.fault(
                path,
                f"{shown(table)} stands where a table is needed.",
                f"Write a line {section.header} with the name in it, and the settings below it.",
            )
            continue
        draft.tables[path] = draft.source
        if section.named_by == "name" and not NAME.fullmatch(name):
            draft.fault(
                path,
                "This cannot be a name.",
                "Use up to 64 letters, digits and _ . - beginning with a letter or a digit.",
            )
        _add_table(draft, section, path, table)


def _add_table(draft: Draft, section: Section, path: Path, table: Mapping[str, object]) -> None:
    for key, value in table.items():
        if section.field(key):
            draft.given[(*path, key)] = Given(value, draft.source)
        elif section.name in _RULES and key == "rules":
            _add_list(draft, _RULES[section.name], (*path, key), value)
        else:
            draft.unsure.add(path)
            draft.fault((*path, key), "There is no such setting.", _fix_key(draft, section, key))


def _fix_key(draft: Draft, section: Section, key: str) -> str:
    if key.lower().removeprefix("api").strip("_-") in ("key", "token", "secret", "password"):
        return (
            "No key stands in the file: put it into an environment variable and name that, as in "
            'api_key_env = "OPENAI_API_KEY".'
        )
    guess = draft.guess(key, [field.key for field in section.fields])
    if guess:
        return f"{guess}Unknown settings are refused, so that no slip goes unnoticed."
    home = next((other for other in SECTIONS if other.field(key)), None)
    if home is not None:
        return f"It belongs below {home.header}."
    return f"{section.header} knows {', '.join(field.key for field in section.fields)}."


def _add_list(draft: Draft, section: Section, path: Path, tables: object) -> None:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        draft.fault(
            path,
            "This is not a list of tables.",
            f"Begin each with a line [[{'.'.join(map(str, path))}]].",
        )
        return
    for position, table in enumerate(tables):
        draft.tables[(*path, position)] = draft.source
        _add_table(draft, section, (*path, position), table)


def add_environment(draft: Draft, env: Mapping[str, str]) -> list[str]:
    """Take over the HEADGATE_ variables, and give those that set nothing; an empty one is not set.

    Variables of a tier, a provider or a price are matched against the names that the file has.
    """
    known: dict[str, list[Path]] = {}
    for path in _paths(draft):
        known.setdefault(_variable(path), []).append(path)
    left = []
    for name, text in env.items():
        if not name.startswith(PREFIX) or not text:
            continue
        source = Source("env", name)
        paths = known.get(name, [])
        if len(paths) == 1:
            _put(draft, paths[0], text, source)
        elif paths:
            draft.fault_in(
                source,
                None,
                f"This variable could mean {' or '.join(map(shown_path, paths))}.",
                "Use --set, or give them names that differ in more than punctuation.",
            )
        elif not _OTHERS.fullmatch(name):
            left.append(name)
    return left


def refuse_unknown(draft: Draft, variables: Sequence[str]) -> None:
    """Variables that set nothing are faults, but for those that a setting names.

    Whatever layer names them: this comes after all of them.
    """
    named = {
        given.value + ending
        for path, given in draft.given.items()
        if str(path[-1]).endswith("_env") and isinstance(given.value, str)
        for ending in ("", "_FILE")  # names a file with what the variable would hold
    }
    known = [_variable(path) for path in _paths(draft)]
    for name in variables:
        if name not in named:
            draft.fault_in(
                Source("env", name),
                None,
                "This variable sets nothing that Headgate knows.",
                f"{draft.guess(name, known)}Unset it, or see `headgate check --show` for what can "
                "be set.",
            )


def _paths(draft: Draft) -> Iterator[Path]:
    """Every setting that there is, for the tiers, providers and so on that the file names."""
    for section in _TABLES.values():
        if section.shape == "list":
            continue
        tables: list[Path] = [(section.name,)]
        if section.shape == "named":
            tables = [(section.name, name) for name in draft.names(section.name)]
        for table in tables:
            yield from ((*table, field.key) for field in section.fields if field.key != "headers")


def _variable(path: Path) -> str:
    return PREFIX + re.sub(r"[^A-Z0-9]", "_", "_".join(map(str, path)).upper())


def add_flags(draft: Draft, sets: Sequence[str]) -> None:
    """Take over `section.key=value` of `--set`; a later one takes precedence."""
    for text in sets:
        key, equals, value = text.partition("=")
        path = _key(key)
        source = Source("flag", f"--set {shown_path(path)}" if path else "--set")
        if not equals or path is None:
            draft.fault_in(
                source,
                None,
                f"{shown(text)} is not of the form KEY=VALUE.",
                "Write it such as --set traffic.requests_per_day=5000.",
            )
        elif _settable(draft, path):
            if path[:-1] not in draft.tables:
                draft.tables[path[:-1]] = source
            _put(draft, path, value.strip(), source)
        else:
            known = [shown_path(known) for known in _paths(draft)]
            guess = draft.guess(shown_path(path), known)
            draft.fault_in(
                source,
                None,
                "There is no such setting.",
                f"{guess}See `headgate check --show` for what can be set.",
            )


def _key(text: str) -> Path | None:
    """A dotted key, its parts quoted where TOML would have them quoted."""
    if len(text) > 300 or text.count(".") > 16:
        return None
    try:
        value: object = tomllib.loads(f"{text.strip()} = 0")
    except ValueError:
        return None
    path: Path = ()
    while isinstance(value, dict):
        if len(value) != 1:  # the text was more than a key: a comment, further lines
            return None
        ((key, value),) = value.items()
        path += (key,)
    return path


def _settable(draft: Draft, path: Path) -> bool:
    """Whether a flag may set this: a known field, and no new tier or policy."""
    section = _TABLES.get(str(path[0]))
    if (
        section is None
        or section.shape == "list"
        or len(path) != (3 if section.shape == "named" else 2)
    ):
        return False
    if section.shape == "named" and path[:2] not in draft.tables:
        name = str(path[1])
        if section.name in ("tiers", "policies") or (
            section.name == "providers" and not NAME.fullmatch(name)
        ):
            return False
    return section.field(str(path[-1])) is not None and path[-1] != "headers"


def _put(draft: Draft, path: Path, text: str, source: Source) -> None:
    section = _TABLES[str(path[0])]
    field = section.field(str(path[-1]))
    assert field is not None  # noqa: S101 - both callers have looked
    draft.given[path] = Given(field.kind.read(text), source)
