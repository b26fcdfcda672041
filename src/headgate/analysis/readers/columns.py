"""Rows with a column for each fact, whatever the columns are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from headgate.analysis.readers.values import (
    Row,
    chat,
    count,
    flag,
    grade,
    log_probability,
    moment,
    money,
    names,
    preferred,
    stars,
    text,
    thumb,
)
from headgate.analysis.record import MalformedError, Record, Winner
from headgate.routing.draft import Draft
from headgate.values import Usage

__all__ = ["FIELDS", "Columns", "field_of"]


class Field(NamedTuple):
    """One fact of a row: where it goes, how it is read, and under which names it is known."""

    read: Callable[[Any], Any]
    names: tuple[str, ...]
    help: str


def _named(read: Callable[[object, str], Any], name: str) -> Callable[[Any], Any]:
    return lambda value: read(value, name)


def _length(value: object) -> int:
    return len(text(value))


def _messages(value: object) -> tuple[tuple[str, str, int, int], object]:
    return chat(value), value


def _counted(name: str) -> Callable[[Any], Any]:
    return _named(count, name)


FIELDS: dict[str, Field] = {
    "id": Field(text, ("prompt_id", "request_id"), "the request"),
    "prompt": Field(text, ("question", "query", "text"), "what is asked: the last user turn"),
    "system": Field(text, ("system_prompt",), "the system prompt"),
    "messages": Field(_messages, (), "the conversation, in the form of OpenAI or Anthropic"),
    "model": Field(text, ("model_name",), "the model that answered, best as provider/model"),
    "time": Field(moment, ("timestamp", "created_at", "at"), "when it was sent"),
    "input_tokens": Field(
        _counted("input_tokens"),
        ("prompt_tokens", "in_tokens", "tokens"),
        "tokens read, cached ones too",
    ),
    "output_tokens": Field(
        _counted("output_tokens"), ("completion_tokens", "out_tokens"), "tokens written"
    ),
    "cache_read_tokens": Field(
        _counted("cache_read_tokens"), ("cached_tokens",), "tokens of the input read from a cache"
    ),
    "cache_write_tokens": Field(
        _counted("cache_write_tokens"), (), "tokens of the input written to a cache"
    ),
    "reasoning_tokens": Field(
        _counted("reasoning_tokens"), (), "tokens of the output that were thinking"
    ),
    "cost_usd": Field(_named(money, "cost_usd"), ("cost",), "what it cost, in US dollars"),
    "tier": Field(text, (), "the tier that answered, such as cheap or premium"),
    "category": Field(text, ("task", "subject"), "kind of task, known before the answer"),
    "route": Field(text, ("path", "feature"), "where in the product it came from"),
    "conversation": Field(text, ("conversation_id", "session", "session_id"), "the conversation"),
    "turns": Field(_counted("turns"), (), "user turns so far"),
    "tools": Field(_counted("tools"), (), "tools on offer"),
    "images": Field(_counted("images"), (), "images in the request"),
    "json_schema": Field(_named(flag, "json_schema"), (), "an answer by a schema was asked for"),
    "failed": Field(_named(flag, "failed"), (), "the call gave no usable answer"),
    "retry": Field(_named(flag, "retry"), ("is_retry",), "it was sent because another failed"),
    "score": Field(_named(grade, "score"), ("grade",), "how good the answer was, 0 to 1"),
    "cheap": Field(_named(grade, "cheap"), ("cheap_score",), "how good the cheap answer was"),
    "premium": Field(
        _named(grade, "premium"), ("premium_score",), "how good the premium answer was"
    ),
    "cheap_usd": Field(_named(money, "cheap_usd"), ("cheap_cost",), "what the cheap answer cost"),
    "premium_usd": Field(
        _named(money, "premium_usd"), ("premium_cost",), "what the premium answer cost"
    ),
    "judge": Field(text, (), "the model that graded both answers"),
    "human_cheap": Field(
        _named(grade, "human_cheap"), (), "the cheap answer's grade by a human, beside a judge's"
    ),
    "human_premium": Field(
        _named(grade, "human_premium"), (), "the premium answer's grade by a human"
    ),
    "winner": Field(
        preferred, ("preference", "verdict"), "the better of two answers: a, b, tie, neither"
    ),
    "model_a": Field(text, (), "the model of answer a"),
    "model_b": Field(text, (), "the model of answer b"),
    "draft": Field(
        _length, ("cheap_answer",), "the cheap answer's text, of which the length is kept"
    ),
    "draft_chars": Field(_counted("draft_chars"), (), "or that length"),
    "draft_agreement": Field(
        _named(grade, "draft_agreement"), (), "how far a second cheap model agrees, 0 to 1"
    ),
    "draft_logprob": Field(
        _named(log_probability, "draft_logprob"), (), "mean log-probability of its tokens"
    ),
    "draft_failed": Field(names, (), "checks that it failed, a list or between commas"),
    "thumbs": Field(_named(thumb, "thumbs"), ("feedback",), "the user's thumb, up or down"),
    "rating": Field(_named(stars, "rating"), ("stars",), "the user's rating, 1 to 5"),
}
"""What a row may say, by the name that `--map` knows it under."""

_TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
_GRADES = frozenset({"score", "cheap", "human_cheap", "winner", "thumbs", "rating"})
_TELLING = _GRADES | {"prompt", "messages", "input_tokens", "output_tokens"}
_RENAMED = {"cost_usd": "cost_nano", "cheap_usd": "cheap_nano", "premium_usd": "premium_nano"}
_DRAFT = {
    "draft": "chars",
    "draft_chars": "chars",
    "draft_agreement": "agreement",
    "draft_logprob": "logprob",
    "draft_failed": "failed",
}


def field_of(name: str) -> str | None:
    """The field that goes by this name; None where there is none."""
    if name in FIELDS:
        return name
    return next((field for field, known in FIELDS.items() if name in known.names), None)


class Columns:
    """Reads rows by their columns' names; `mapping` gives a field's column where it differs.

    A column that is mapped stands for its field alone, and no other name does.
    """

    def __init__(self, mapping: Mapping[str, str] | None = None) -> None:
        mapping = mapping or {}
        self.asked = tuple(mapping.values())
        self._deep = {field: name.split(".") for field, name in mapping.items() if "." in name}
        self._plan: dict[str, tuple[str, Callable[[Any], Any]]] = {}
        for field, known in FIELDS.items():
            names = (mapping[field],) if field in mapping else (field, *known.names)
            for name in names:
                self._plan.setdefault(name, (field, known.read))
        for field, name in mapping.items():  # what is asked for stands before what is guessed
            self._plan[name] = (field, FIELDS[field].read)

    def recognises(self, row: Row) -> bool:
        """Whether the row tells enough to be one: a prompt, tokens or a grade."""
        found = {self._plan[name][0] for name in row if name in self._plan}
        found.update(field for field, path in self._deep.items() if _at(row, path) is not None)
        return not found.isdisjoint(_TELLING)

    def records(self, row: Row) -> list[Record]:
        """The one record of a row.

        Raises:
            MalformedError: a value is none of its kind, or the row tells nothing.
        """
        plan = self._plan
        facts: dict[str, Any] = {}
        for name, value in row.items():
            entry = plan.get(name)
            if entry is not None and value is not None and entry[0] not in facts:
                field, read = entry
                facts[field] = value if read is text and type(value) is str else read(value)
        for field, path in self._deep.items():
            value = _at(row, path)
            if value is not None:
                facts[field] = FIELDS[field].read(value)
        if _TELLING.isdisjoint(facts):
            raise MalformedError("the row has no prompt, no tokens and no grade")
        return [_record(facts)]


def _record(facts: dict[str, Any]) -> Record:
    read = facts.pop("input_tokens", None)
    written = facts.pop("output_tokens", None)
    cached = facts.pop("cache_read_tokens", 0)
    stored = facts.pop("cache_write_tokens", 0)
    thought = facts.pop("reasoning_tokens", 0)
    if read is not None or written is not None:
        rest = (read or 0) - cached - stored
        if rest < 0:
            raise MalformedError("more tokens come from the cache than were read in all")
        facts["usage"] = Usage(rest, written or 0, cached, stored, 0, thought)
    for field, name in _RENAMED.items():
        if field in facts:
            facts[name] = facts.pop(field)
    if "messages" in facts:
        (last, system, turns, images), request = facts.pop("messages")
        told = {"prompt": last, "system": system, "turns": turns, "images": images}
        facts = {**told, "request": request} | facts
    for name in ("thumbs", "rating"):
        if name in facts:
            facts.setdefault("score", facts.pop(name))
    if "winner" in facts:
        _settle(facts)
    if not _DRAFT.keys().isdisjoint(facts):
        facts["draft"] = _draft(facts)
    return Record(**facts)


def _draft(facts: dict[str, Any]) -> Draft:
    told = {name: facts.pop(field) for field, name in _DRAFT.items() if field in facts}
    return Draft(**told)


def _settle(facts: dict[str, Any]) -> None:
    """The verdict as a side, or as the grades of both tiers where it names them."""
    found = facts.pop("winner")
    if found in ("cheap", "premium"):
        facts.setdefault("cheap", float(found == "cheap"))
        facts.setdefault("premium", float(found == "premium"))
        return
    if found not in ("a", "b", "tie", "neither"):
        sides: dict[object, Winner] = {facts.get("model_b"): "b", facts.get("model_a"): "a"}
        if not found or found not in sides:
            raise MalformedError("the winner is none of a, b, tie, neither and the two models")
        found = sides[found]
    facts["winner"] = found


def _at(row: object, path: list[str]) -> object:
    for name in path:
        if isinstance(row, str) and row[:1] == "{":
            try:
                row = msgspec.json.decode(row)
            except (msgspec.DecodeError, RecursionError):
                return None
        if not isinstance(row, dict):
            return None
        row = row.get(name)
    return row
