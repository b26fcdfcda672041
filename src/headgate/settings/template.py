"""The file that `headgate init` writes: every setting, explained, one's own filled in."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from headgate.settings.fields import (
    ALERTS,
    CLASSIFIER,
    EGRESS,
    ENDS,
    ESCALATION,
    ESCALATION_BUDGETS,
    KEYS,
    LEDGER,
    PLAN,
    POLICIES,
    PRICE_LIST,
    PRICES,
    PROVIDERS,
    QUALITY,
    RESILIENCE,
    ROUTES,
    RULES,
    SERVER,
    SESSIONS,
    TIERS,
    TRAFFIC,
    WATCH,
    Field,
    Section,
    default,
    written,
)
from headgate.settings.providers import KNOWN, SUGGESTED

__all__ = ["render", "shortened"]

_TOP = """\
# The one file of Headgate: the plan, the gateway and the report all read it.
# A line such as #timeout = "3s" is a setting that is left at its default, or an example.
# No secrets here: a key stays in the environment variable that is named here.
# `headgate check` says what is wrong, `headgate check --show` what is in effect.
"""


def render(providers: Sequence[str] = ("anthropic", "google")) -> str:
    """The text of a valid headgate.toml for known providers, with a comment for every setting.

    The first provider's models answer; the one with the cheapest small model classifies. What
    comes of the default providers is the built-in example.
    """
    first = providers[0]
    sorter = min(providers, key=tuple(SUGGESTED).index)
    cheap, premium = (f"{first}/{model}" for model in SUGGESTED[first][:2])
    blocks = [
        _TOP,
        _block(TRAFFIC, {"requests_per_day": 1000, "input_tokens": 1000, "output_tokens": 400}),
        _block(
            CLASSIFIER,
            {
                "kind": "model",
                "model": f"{sorter}/{SUGGESTED[sorter].classifier}",
                "input_tokens": 300,
                "output_tokens": 20,
                "on_failure": "premium",
            },
        ),
        _block(RULES, {}, off=True),
        _policy(),
        _block(ROUTES, {}, off=True),
        _block(TIERS, {"model": cheap}, name="cheap"),
        _more(TIERS, "premium", {"model": premium, "retry_rate": 0.08}),
        _block(ESCALATION, {"rate": 0.2, "budget": 0.25}),
        _block(ESCALATION_BUDGETS, {}, name="messages", off=True),
        _block(WATCH, {}),
        _block(ALERTS, {}),
        _block(QUALITY, {}),
        *(_provider(name, first=name == first) for name in providers),
        _block(EGRESS, {}),
        _block(PRICES, {}, name=f'"{cheap}"', off=True),
        _block(ENDS, {}, name=f'"{cheap}"', off=True),
        _block(PRICE_LIST, {}),
        _block(SESSIONS, {}),
        _block(RESILIENCE, {}),
        _block(SERVER, {"listen": "127.0.0.1:8787"}),
        _block(KEYS, {}),
        _block(LEDGER, {"url": "sqlite:///headgate.db"}),
        _block(PLAN, {}),
    ]
    return "\n".join(blocks)


_SHORT_TOP = """\
# The one file of Headgate: the plan, the gateway and the report all read it.
# All else is left at its default: `headgate init` without --short writes every setting.
# No secrets here: a key stays in the environment variable that is named here.
# `headgate check` says what is wrong, `headgate check --show` what is in effect.
"""


def shortened(text: str) -> str:
    """What `render` has given, without what is left at its default: sections and what is set."""
    blocks = [_set_in(block.splitlines()) for block in text.removeprefix(_TOP).split("\n\n")]
    return "\n".join([_SHORT_TOP, *("\n".join(lines) + "\n" for lines in blocks if lines)])


def _set_in(block: Sequence[str]) -> list[str]:
    """The section's own comment, its header and what is set; nothing where nothing is."""
    block = [line for line in block if line]
    begin = next((at for at, line in enumerate(block) if line.startswith("[")), len(block))
    given = [line for line in block[begin + 1 :] if not line.startswith("#")]
    return [*block[: begin + 1], *given] if given else []


def _policy() -> str:
    """A further policy, commented out; its settings have been explained."""
    comment = "\n".join(_comment(POLICIES.meaning))
    return f'{comment}\n#[policies.careful]\n#kind = "none"\n'


def _provider(name: str, *, first: bool) -> str:
    known = KNOWN[name]._asdict()
    given = {key: value for key, value in known.items() if value is not None}
    return _block(PROVIDERS, given, name=name) if first else _more(PROVIDERS, name, given)


def _block(
    section: Section, given: Mapping[str, object], *, name: str = "", off: bool = False
) -> str:
    """One table with every setting explained: the `given` ones set, all others commented out.

    `off` comments the whole table out.
    """
    header = section.header.replace("NAME", name) if section.named_by == "name" else section.header
    if section.named_by == "model":
        header = f"[{section.name}.{name}]"
    lines = [*_comment(section.meaning), f"{'#' if off else ''}{header}"]
    for field in section.fields:
        lines += _comment(_explained(section, field))
        if field.key in given:
            lines.append(f"{field.key} = {written(field, given[field.key])}")
        else:
            lines.append(
                f"#{field.key} = {field.example or written(field, default(section, field))}"
            )
    return "\n".join(lines) + "\n"


def _more(section: Section, name: str, given: Mapping[str, object]) -> str:
    """A further table of a section whose settings have been explained."""
    lines = [f"[{section.name}.{name}]"]
    lines += [
        f"{field.key} = {written(field, given[field.key])}"
        for field in section.fields
        if field.key in given
    ]
    return "\n".join(lines) + "\n"


def _explained(section: Section, field: Field) -> str:
    if field.otherwise and section.shape != "list":
        return f"{field.meaning} Without it: {field.otherwise}."
    known = f"{field.key} {field.meaning}".lower()
    return field.meaning if field.unit in known else f"{field.meaning} Unit: {field.unit}."


def _comment(text: str) -> Iterator[str]:
    return (f"# {line}" for line in textwrap.wrap(text, 96))
