"""Which checks a draft goes through, in which order, and what each found."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from headgate.routing.checks.calls import faulty_calls
from headgate.routing.checks.schema import fits
from headgate.routing.checks.wording import declines, repetition
from headgate.values import Ask, Draft, Wanted

__all__ = ["PLAIN", "Checks", "Finding", "examine"]

PLAIN = ("finish", "empty", "refusal", "repetition", "schema", "tools")
"""The checks that are on or off, the cheapest first."""

GOOD_ENDS = frozenset({"stop", "tool_calls", "stop_sequence"})


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a check found; as JSON it is part of the ledger's trace, so it never holds a text.

    `value` is the number that was held against the setting, `kind` a word for what was found.
    `unknown` lists keywords of a JSON schema that were not looked at.
    """

    check: str
    good: bool
    value: float | None = None
    kind: str | None = None
    unknown: tuple[str, ...] = ()


class Checks(msgspec.Struct, frozen=True, kw_only=True):
    """Which checks are on, and what they are held against; None switches a check off.

    The share lies between 0 and 1; `min_logprob` is a mean natural logarithm a token,
    0 at most. A draft without log-probabilities passes that check: not all providers give them.
    """

    plain: frozenset[str] = frozenset(PLAIN)
    max_repetition: float = 0.5
    min_logprob: float | None = None


def examine(checks: Checks, ask: Ask, wanted: Wanted, draft: Draft) -> list[Finding]:
    """What the checks found, in order, up to the first that rejects the draft."""
    findings: list[Finding] = []
    for finding in _findings(checks, ask, wanted, draft):
        findings.append(finding)
        if not finding.good:
            break
    return findings


def _findings(checks: Checks, ask: Ask, wanted: Wanted, draft: Draft) -> Iterator[Finding]:
    on = checks.plain
    if "finish" in on:
        yield _finish(ask, draft)
    if "empty" in on:
        yield Finding("empty", bool(draft.text.strip() or draft.calls or draft.other))
    if "refusal" in on:
        yield Finding("refusal", not (draft.refused or declines(draft.text)))
    if "repetition" in on:
        share = repetition(draft.text)
        yield Finding("repetition", share <= checks.max_repetition, round(share, 3))
    if "schema" in on and (wanted.json or wanted.schema is not None) and not draft.calls:
        problem, unknown = fits(draft.text, wanted.schema)
        yield Finding("schema", problem is None, kind=problem, unknown=unknown)
    if "tools" in on and draft.calls:
        problem, unknown = faulty_calls(draft.calls, wanted.tools)
        yield Finding("tools", problem is None, kind=problem, unknown=unknown)
    if checks.min_logprob is not None and draft.logprob is not None:
        good = draft.logprob >= checks.min_logprob
        yield Finding("logprob", good, round(draft.logprob, 4))


def _finish(ask: Ask, draft: Draft) -> Finding:
    """An answer that is cut at the length the caller set is what was asked for."""
    cut = draft.finish == "length" and ask.max_output is not None
    return Finding("finish", cut or draft.finish in GOOD_ENDS, kind=draft.finish)
