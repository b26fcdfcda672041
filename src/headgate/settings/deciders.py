"""What must hold of those who decide: the classifier, further policies, their rules, the routes."""

from __future__ import annotations

from collections.abc import Sequence

from headgate.settings.document import Path
from headgate.settings.draft import Draft
from headgate.settings.fields import (
    CLASSIFIER,
    DECIDERS,
    POLICY_RULES,
    ROUTES,
    RULES,
    Section,
)
from headgate.settings.places import beside, in_effect, places
from headgate.settings.redaction import shown

__all__ = ["check_deciders"]

AUTO = "auto"


def check_deciders(draft: Draft) -> None:
    """`[classifier]`, `[policies]`, the rules of both, and `[[routes]]`."""
    for section, table in list(places(draft)):
        if section in DECIDERS:
            _check_decider(draft, section, table)
            _check_rules(draft, table)
    _check_policy_names(draft)
    _check_routes(draft)


def _check_decider(draft: Draft, section: Section, table: Path) -> None:
    """Fields of another kind are faults, unless the kind was set over the file they stand in."""
    who = "the classifier" if section is CLASSIFIER else f"policy {table[1]}"
    kind = in_effect(draft, section, table, "kind")
    if not isinstance(kind, str):
        return
    kind_path = (*table, "kind")
    rank = draft.given[kind_path].source.rank if kind_path in draft.given else 0
    for field in section.fields:
        path = (*table, field.key)
        if path not in draft.given or not field.kinds or kind in field.kinds:
            continue
        if draft.given[path].source.rank < rank:
            draft.given.pop(path)
            draft.values.pop(path, None)
            continue
        wanted = " or ".join(f'kind = "{name}"' for name in field.kinds)
        draft.fault(
            path,
            f'{field.key} is for {wanted}, but {who} is of kind "{kind}"'
            f"{'' if kind_path in draft.given else ' (the default)'}.",
            f"Take {field.key} out, or set {wanted}.",
        )
    _check_needed(draft, table, kind)
    rules = [path for path in draft.tables if path[:-1] == (*table, "rules")]
    if kind == "rules" and not rules:
        draft.fault(
            kind_path,
            'A classifier of kind "rules" needs at least one rule.',
            f"Add a line [[{'.'.join(map(str, table))}.rules]], and below it name, tier and a "
            "condition.",
        )
    if kind == "none" and rules:
        if draft.tables[rules[0]].rank < rank:
            for path in rules:
                del draft.tables[path]
        else:
            draft.fault(
                rules[0],
                f'Rules are for another kind, but {who} is of kind "none".',
                'Take the rules out, or set kind = "rules".',
            )


def _check_needed(draft: Draft, table: Path, kind: str) -> None:
    """What a kind cannot do without; a router that the settings file names lies beside it."""
    needed = {
        "model": ("model", 'Add a line model = "provider/model", best a small one.'),
        "learned": ("router", 'Add a line router = "FILE"; `headgate train` makes one.'),
    }
    if kind in needed:
        key, fix = needed[kind]
        if (*table, key) not in draft.given:
            message = f'A classifier of kind "{kind}" needs a {key}.'
            draft.fault((*table, key), message, fix)
    beside(draft, (*table, "router"))
    beside(draft, (*table, "verifier"))
    scores = (
        ("threshold", "router"),
        ("grey_from", "router"),
        ("verifier_threshold", "verifier"),
    )
    for key, whose in scores:
        path = (*table, key)
        if path in draft.given and (*table, whose) not in draft.given:
            draft.fault(
                path,
                f"{key} is held against a {whose}'s score.",
                f"Take {key} out, or name a {whose}.",
            )
    low, high = draft.values.get((*table, "grey_from")), draft.values.get((*table, "threshold"))
    if isinstance(low, float) and isinstance(high, float) and low > high:
        draft.fault(
            (*table, "grey_from"),
            f"grey_from {low:g} is above the threshold {high:g}: no draft would be judged.",
            "Swap them.",
        )


def _check_tier_name(draft: Draft, path: Path, tiers: Sequence[str]) -> None:
    name = draft.values.get(path)
    if isinstance(name, str) and tiers and name not in tiers:
        draft.fault(
            path,
            f"There is no tier {shown(name)}.",
            f"{draft.guess(name, tiers)}The tiers are {', '.join(tiers)}.",
        )


def _check_rules(draft: Draft, decider: Path) -> None:
    tiers = draft.names("tiers")
    _check_tier_name(draft, (*decider, "on_failure"), tiers)
    _check_tier_name(draft, (*decider, "default"), tiers)
    names: set[object] = set()
    for _, table in places(draft):
        if table[:-1] != (*decider, "rules"):
            continue
        _check_tier_name(draft, (*table, "tier"), tiers)
        name = draft.values.get((*table, "name"))
        if name is not None and name in names:
            draft.fault((*table, "name"), f"{shown(name)} names two rules.", "Rename one of them.")
        names.add(name)
        keys = [field.key for field in RULES.fields if (*table, field.key) in draft.given]
        if not set(keys) - {"name", "tier"} and table not in draft.unsure:
            draft.fault(
                table,
                "A rule without a condition always holds.",
                f"Add a condition, or set {'.'.join(map(str, decider))}.default to its tier.",
            )
        low = draft.values.get((*table, "min_tokens"))
        high = draft.values.get((*table, "max_tokens"))
        if isinstance(low, int) and isinstance(high, int) and low > high:
            draft.fault(
                (*table, "min_tokens"),
                f"min_tokens {low:,} is above max_tokens {high:,}: the rule never holds.",
                "Swap them.",
            )
        alias = draft.values.get((*table, "model"))
        if isinstance(alias, str) and alias != "auto" and not alias.startswith("auto:"):
            draft.fault(
                (*table, "model"),
                f"{shown(alias)} is not an alias: rules decide for requests of model auto only.",
                'Write "auto:NAME", and let callers ask for that.',
            )


def _check_policy_names(draft: Draft) -> None:
    names = draft.names("policies")
    if AUTO in names:
        draft.fault(
            ("policies", AUTO),
            f'"{AUTO}" is the name of the policy in [classifier].',
            "Choose another name, and let callers ask for auto:NAME.",
        )
    for section, table in places(draft):
        alias = draft.values.get((*table, "model")) if section in (RULES, POLICY_RULES) else None
        if section == RULES and isinstance(alias, str) and alias.removeprefix("auto:") in names:
            draft.fault(
                (*table, "model"),
                f"{shown(alias)} asks for the policy of that name, so the rule never holds.",
                "Give the policy or the alias another name.",
            )


def _check_routes(draft: Draft) -> None:
    names = [AUTO, *draft.names("policies")]
    for section, table in places(draft):
        if section != ROUTES:
            continue
        policy = draft.values.get((*table, "policy"))
        if isinstance(policy, str) and policy not in names:
            draft.fault(
                (*table, "policy"),
                f"There is no policy {shown(policy)}.",
                f"{draft.guess(policy, names)}The policies are {', '.join(names)}.",
            )
        given = [field.key for field in ROUTES.fields if (*table, field.key) in draft.given]
        if not set(given) - {"policy"} and table not in draft.unsure:
            draft.fault(
                table,
                "A route without a condition takes every request for auto.",
                "Add a path, model, header or key, or set that policy up below [classifier].",
            )
