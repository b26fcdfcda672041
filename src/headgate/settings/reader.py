"""Reads the settings: file, environment and flags in, one checked Settings or all faults out."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path as FilePath
from typing import NamedTuple

import msgspec

from headgate.errors import ConfigError, ConfigFault
from headgate.settings.checks import check
from headgate.settings.document import LONGEST_FILE, Document, Path, parse
from headgate.settings.draft import Draft, Source
from headgate.settings.fields import (
    DECIDERS,
    POLICY_RULES,
    PROVIDERS,
    RULES,
    SECTIONS,
    Field,
    Section,
    default,
)
from headgate.settings.layers import add_environment, add_file, add_flags, refuse_unknown
from headgate.settings.places import known_of, places
from headgate.settings.redaction import shown_path
from headgate.settings.schema import Settings
from headgate.settings.template import render

# msgspec learns a structure's fields at its first use; a second thread that uses it meanwhile would
# crash the process, and pages and agents ask in threads. So it is learned here, while importing.
msgspec.json.Decoder(Settings)

__all__ = [
    "Reading",
    "SettingsError",
    "Sourced",
    "find",
    "read",
    "read_text",
    "read_with_sources",
]


class Sourced(NamedTuple):
    """One setting as it is in effect, and where that comes from.

    `value` is None where nothing is set; `otherwise` then says what holds instead.
    """

    field: str
    value: object
    source: Source
    otherwise: str


class SettingsError(ConfigError):
    """Values in the settings are wrong.

    Has those beside them that are right, for what else there is to say.
    """

    def __init__(
        self, message: str, *, faults: Sequence[ConfigFault], values: Sequence[Sourced]
    ) -> None:
        super().__init__(message, faults=faults)
        self.values = tuple(values)


class Reading(NamedTuple):
    """What `read_with_sources` found."""

    settings: Settings
    file: FilePath | None
    """None: the built-in example, or a text."""
    values: tuple[Sourced, ...]
    warnings: tuple[ConfigFault, ...]
    """What works and is most likely not meant."""


def find(cwd: FilePath, env: Mapping[str, str] | None = None) -> FilePath | None:
    """The settings file: what HEADGATE_CONFIG names, else `headgate.toml` in `cwd`, else None.

    A file that HEADGATE_CONFIG names is returned whether it is there or not: `read` then says so.
    """
    named = env.get("HEADGATE_CONFIG") if env else None
    if named:
        return FilePath(named)
    path = cwd / "headgate.toml"
    return path if path.is_file() else None


def read(
    path: FilePath | None,
    *,
    env: Mapping[str, str],
    sets: Sequence[str] = (),
    need_providers: bool = True,
) -> Settings:
    """The settings in effect: `sets` over `env` over the file over defaults.

    Args:
        path: the file; None for the built-in example, which is what `headgate init` writes.
        env: the environment; only HEADGATE_ variables count.
        sets: `section.key=value` each, as given to `--set`; later ones take precedence.
        need_providers: False lets models name providers that are not configured, for planning.

    Raises:
        ConfigError: the file cannot be read, or is no TOML.
        SettingsError: values are wrong; `faults` has all that was found.
    """
    return read_with_sources(path, env=env, sets=sets, need_providers=need_providers).settings


def read_with_sources(
    path: FilePath | None,
    *,
    env: Mapping[str, str],
    sets: Sequence[str] = (),
    need_providers: bool = True,
) -> Reading:
    """As `read`, with the source of every value and with warnings.

    Raises:
        ConfigError, SettingsError: as `read` does.
    """
    return _reading(_draft(path), path, env, sets, need_providers=need_providers)


def read_text(text: str, name: str = "The text", *, need_providers: bool = True) -> Reading:
    """The settings that stand in a text, as in a file that this machine does not have.

    Neither the environment nor flags count. What the text says of files is taken down, and no file
    is opened; see `files_named` for what to do about it.

    Args:
        text: what would stand in the file.
        name: what messages call it.
        need_providers: as `read` has it.

    Raises:
        ConfigError: it is no TOML.
        SettingsError: values are wrong; `faults` has all that was found.
    """
    draft = Draft(parse(text.encode("utf-8", "replace"), name), Source("file", name))
    return _reading(draft, None, {}, (), need_providers=need_providers)


def _reading(
    draft: Draft,
    path: FilePath | None,
    env: Mapping[str, str],
    sets: Sequence[str],
    *,
    need_providers: bool,
) -> Reading:
    add_file(draft)
    left = add_environment(draft, env)
    add_flags(draft, sets)
    refuse_unknown(draft, left)
    check(draft, need_providers=need_providers)
    if draft.faults:
        name, count = draft.document.name, len(draft.faults)
        if not any(fault.source in (None, name) for fault in draft.faults):
            name = "The settings"  # the file is good; a flag or a variable is not
        raise SettingsError(
            f"{name} cannot be used; {count} {'fault' if count == 1 else 'faults'}:",
            faults=_in_order(draft.faults),
            values=_sourced(draft),
        )
    return Reading(_settings(draft), path, tuple(_sourced(draft)), _in_order(draft.warnings))


def _draft(path: FilePath | None) -> Draft:
    if path is None:
        return Draft(parse(render().encode(), "The built-in example"), Source("example"))
    return Draft(_document(path), Source("file", str(path)))


def _document(path: FilePath) -> Document:
    try:
        with path.open("rb") as file:
            return parse(file.read(LONGEST_FILE + 1), str(path))
    except FileNotFoundError as error:
        raise ConfigError(
            f"There is no file {path}.",
            fix="Run `headgate init` to write one, or name another with --config.",
        ) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "bad path"
        raise ConfigError(
            f"{path} cannot be read: {reason}.", fix="Name a readable file with --config."
        ) from error


def _in_order(findings: Iterable[ConfigFault]) -> tuple[ConfigFault, ...]:
    """By line, as one would go through the file; variables and flags after it."""
    return tuple(sorted(findings, key=lambda finding: finding.line or sys.maxsize))


def _in_effect(draft: Draft, section: Section, table: Path, field: Field) -> tuple[object, Source]:
    path = (*table, field.key)
    if path in draft.values:
        if path in draft.given:
            return draft.values[path], draft.source_of(path)
        return draft.values[path], Source("default", "from the tiers' shares")
    if section == PROVIDERS:
        known = known_of(draft, table, field.key)
        if known is not None:
            return known, Source("default", f"known of {table[1]}")
    return default(section, field), Source("default")


def _sourced(draft: Draft) -> list[Sourced]:
    """Every value in effect; those that are missing or at fault are left out."""
    found = []
    for section, table in places(draft):
        kind = draft.values.get((*table, "kind"), "none")
        for field in section.fields:
            if field.kinds and kind not in field.kinds:
                continue
            path = (*table, field.key)
            if path in draft.given and path not in draft.values:
                continue
            value, source = _in_effect(draft, section, table, field)
            if value is msgspec.NODEFAULT:
                continue
            found.append(Sourced(shown_path(path), value, source, field.otherwise))
    return found


def _struct(draft: Draft, section: Section, table: Path) -> msgspec.Struct:
    values = {field.key: _in_effect(draft, section, table, field)[0] for field in section.fields}
    if section.named_by:
        values[section.named_by] = table[1]
    if section in DECIDERS:
        prefix = (*table, "rules")
        values["rules"] = tuple(
            _struct(draft, RULES, path) for _, path in places(draft) if path[:-1] == prefix
        )
    # a default of () for a table that holds none; every value has passed its kind's check
    return section.struct(**values)


def _settings(draft: Draft) -> Settings:
    built: dict[str, object] = {}
    for section in SECTIONS:
        if section in (RULES, POLICY_RULES):
            continue
        structs = tuple(_struct(draft, section, path) for s, path in places(draft) if s == section)
        built[section.name] = structs[0] if section.shape == "table" else structs
    settings = msgspec.convert(
        {**built, "fingerprint": ""}, type=Settings, from_attributes=True, strict=True
    )
    return msgspec.structs.replace(settings, fingerprint=_fingerprint(settings))


def _fingerprint(settings: Settings) -> str:
    plain = msgspec.json.encode(settings, order="deterministic")
    return hashlib.sha256(plain).hexdigest()[:12]
