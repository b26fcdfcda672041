"""One request as a timeline of its attempts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal, NamedTuple
from urllib.parse import unquote_plus

import msgspec

from headgate.ledger.entry import Entry
from headgate.ledger.prompt import Prompt
from headgate.monitor.figures import percent
from headgate.web.answer_headers import answer_headers
from headgate.web.brief import brief, colour_of, columns
from headgate.web.numbers import money, seconds
from headgate.web.observer import Observer
from headgate.web.said import sides_of
from headgate.web.templates import Templates
from headgate.web.visit import Answer, Visit, as_json

__all__ = ["OneRequest", "Prompts"]

Prompts = Literal["on", "off", "closed"]
ANSWERS = ("answer", "embedding", "passed")
WIDE = 1000
"""Of the timeline's drawing; the style sheet stretches it."""


class OneRequest:
    """The pages below `/requests/`.

    Args:
        observer: looks at the ledger.
        templates: how they look.
        tiers: cheapest first; what gives each its colour.
        prompts: whether they are stored: `on` or `off`; `closed`: they are shown to nobody, since
            these pages ask for no token.
    """

    def __init__(
        self,
        observer: Observer,
        templates: Templates,
        tiers: Sequence[str],
        *,
        prompts: Prompts = "off",
    ) -> None:
        self._observer = observer
        self._templates = templates
        self._tiers = tuple(tiers)
        self._prompts = prompts

    def show(self, visit: Visit) -> Answer:
        """The one request that the path names."""
        name = unquote_plus(visit.path.removeprefix("/requests/"))
        entries = self._observer.request(name)
        if not entries and name.endswith(".json"):
            name = name.removesuffix(".json")
            if entries := self._observer.request(name):
                return self._json(name, entries)
        if not entries:
            page = self._templates(
                "problem.html",
                title="Requests",
                csrf=visit.csrf,
                message="There is no such request in the ledger.",
                fix="Its rows may be older than the ledger keeps them, or its id is another.",
            )
            return Answer(page, status=404)
        body = self._templates(
            "request.html",
            title="Requests",
            csrf=visit.csrf,
            row=brief(entries, self._tiers),
            facts=_facts(entries),
            headers=answer_headers(entries),
            streamed=any(entry.streamed for entry in entries),
            attempts=self._timeline(entries),
            wide=WIDE,
            prompts=self._prompts,
            sides=() if (prompt := self._prompt(name)) is None else sides_of(prompt),
        )
        return Answer(body)

    def _json(self, name: str, entries: Sequence[Entry]) -> Answer:
        prompt = self._prompt(name)
        told = {
            "request_id": name,
            "attempts": list(map(columns, entries)),
            "prompt": None if prompt is None else msgspec.to_builtins(prompt),
        }
        return as_json(told)

    def _prompt(self, name: str) -> Prompt | None:
        return None if self._prompts == "closed" else self._observer.prompt(name)

    def _timeline(self, entries: Sequence[Entry]) -> list[_Attempt]:
        begin = min(one.at_us - (one.queue_us or 0 if one.attempt == 0 else 0) for one in entries)
        whole = max(max(one.at_us + one.total_us for one in entries) - begin, 1)
        made = []
        for one in entries:
            until = one.first_token_us if one.first_token_us is not None else one.total_us
            made.append(
                _Attempt(
                    entry=one,
                    model=f"{one.provider}/{one.model_asked}",
                    colour=colour_of(one, self._tiers),
                    start=_place(one.at_us - begin, whole),
                    first=_place(one.at_us - begin + until, whole),
                    end=max(_place(one.at_us - begin + one.total_us, whole), 2),
                    after=seconds(one.at_us - begin),
                    took=seconds(one.total_us),
                    to_first="" if one.first_token_us is None else seconds(one.first_token_us),
                    cost="no known price" if one.cost_nano is None else money(one.cost_nano),
                    outcome=_outcome(one),
                    score="" if one.score is None else f"{one.score:.4f}",
                    facts=_details(one),
                )
            )
        return made


class _Attempt(NamedTuple):
    entry: Entry
    model: str
    colour: int
    start: int
    first: int
    end: int
    """Where it begins, answers and ends, of `WIDE`."""
    after: str
    took: str
    to_first: str
    cost: str
    outcome: str
    score: str
    facts: Sequence[tuple[str, str]]


def _place(us: int, whole: int) -> int:
    return round(us * WIDE / whole)


def _outcome(entry: Entry) -> str:
    told = entry.error or ("answered" if entry.purpose not in ANSWERS else "not served")
    if entry.served:
        told = "served"
    if entry.status is not None and entry.error is not None and not entry.served:
        told += f", HTTP {entry.status}"
    return told + (", broken off" if entry.aborted else "")


def _facts(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    first = entries[0]
    served = next((entry for entry in entries if entry.served), None)
    facts = [
        ("asked for", first.asked),
        ("route", first.route),
        ("policy", first.policy),
        ("router", first.router or ""),
        ("category", first.category or ""),
        ("key", first.key or ""),
        ("team", first.team or ""),
        ("session", first.session or ""),
        ("tags", first.tags or ""),
        ("configuration", first.config),
    ]
    if served is not None:
        facts.insert(1, ("reason", served.reason))
    if served is not None and served.premium_nano is not None:
        facts.insert(2, ("all premium", money(served.premium_nano)))
    return [(name, value) for name, value in facts if value]


def _details(entry: Entry) -> list[tuple[str, str]]:
    usage = entry.usage
    kinds = {
        "input": usage.input,
        "output": usage.output,
        "cache read": usage.cache_read,
        "cache write 5m": usage.cache_write_5m,
        "cache write 1h": usage.cache_write_1h,
        "reasoning": usage.reasoning,
    }
    tokens = ", ".join(f"{count:,} {name}" for name, count in kinds.items() if count)
    source = "" if entry.usage_source == "measured" else f" ({entry.usage_source})"
    facts = [
        ("answered by", entry.model_answered or ""),
        ("dialects", f"{entry.dialect_in} to {entry.dialect_out}"),
        ("streamed", "yes" if entry.streamed else "no"),
        ("tokens", (tokens or "none") + source),
        ("price card", entry.card or ""),
        ("waited before", "" if entry.queue_us is None else seconds(entry.queue_us)),
        ("score", "" if entry.score is None else percent(entry.score)),
        ("trace", _pretty(entry.trace)),
    ]
    return [(name, value) for name, value in facts if value]


def _pretty(trace: str | None) -> str:
    if trace is None:
        return ""
    try:
        return json.dumps(json.loads(trace), indent=2, ensure_ascii=False)
    except ValueError:
        return trace
