"""A small validator of JSON schemas: what providers' structured output knows, and a little more.

A keyword that is not known here accepts everything and is named, so that nothing good is rejected
for a rule that was not understood. Decision 0011 says why this is ours.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec

__all__ = ["Schema", "fits"]

Schema: TypeAlias = Mapping[str, object] | bool

DEEPEST = 64
"""Schemas and values nested more deeply are accepted from there on."""

MOST_STEPS = 100_000
"""Comparisons after which the rest is accepted: a caller's schema must not stop the gateway."""

LONGEST_TEXT = 10_000
"""Longest text that a caller's pattern is searched in; Python cannot stop a slow search."""

SILENT = frozenset(
    {
        "$schema", "$id", "$defs", "definitions", "$comment", "title", "description", "default",
        "examples", "deprecated", "readOnly", "writeOnly", "format", "contentEncoding",
        "contentMediaType", "strict", "name", "$anchor",
    }
)  # fmt: skip
"""Keywords that say nothing about what is valid, or that the standard lets a validator leave."""


def fits(text: str, schema: Schema | None) -> tuple[str | None, tuple[str, ...]]:
    """What is wrong with a JSON text, and the schema's keywords that were not looked at.

    `not-json`, or the keyword that the value breaks, such as `required`; None where it is valid.
    Without a schema any JSON will do.

    >>> fits('{"n": 1}', {"type": "object", "required": ["n"]})
    (None, ())
    >>> fits('{"n": 1}', {"properties": {"n": {"type": "string"}}})
    ('type', ())
    >>> fits('Sure! {"n": 1}', None)
    ('not-json', ())
    """
    try:
        value: object = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return "not-json", ()
    if schema is None:
        return None, ()
    validation = _Validation(schema)
    problem = validation.of(value, schema, 0)
    return problem, tuple(sorted(validation.unknown))


class _Validation:
    """One value against one schema."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._steps = 0
        self.unknown: set[str] = set()

    def of(self, value: object, schema: object, depth: int) -> str | None:
        """The first keyword that a value breaks."""
        self._steps += 1
        if schema is True or depth > DEEPEST or self._steps > MOST_STEPS:
            return None
        if schema is False:
            return "false"
        if not isinstance(schema, Mapping):
            return None
        for keyword, rule in schema.items():
            check = _CHECKS.get(keyword)
            if check is not None:
                problem = check(self, value, rule, schema, depth)
                if problem is not None:
                    return problem if problem != "broken" else keyword
            elif keyword not in SILENT:
                self.unknown.add(keyword)
        return None

    def good(self, value: object, schema: object, depth: int) -> bool:
        """Whether a value fits a part of the schema."""
        return self.of(value, schema, depth + 1) is None

    def target(self, reference: str) -> object:
        """What a `$ref` within the same schema points to; None where there is nothing."""
        if not reference.startswith("#"):
            return None
        found: object = self._root
        for part in reference[1:].strip("/").split("/") if reference != "#" else []:
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(found, Mapping):
                found = found.get(key)
            elif isinstance(found, list) and key.isdigit() and int(key) < len(found):
                found = found[int(key)]
            else:
                return None
        return found


Rules: TypeAlias = Mapping[str, object]
_Check: TypeAlias = Callable[["_Validation", object, object, Rules, int], str | None]
BROKEN = "broken"

_TYPES: dict[str, Callable[[object], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: (
        not isinstance(value, bool)
        and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
    ),
}


def _same(one: object, other: object) -> bool:
    """Equal as JSON is: 1 and 1.0 are the same, 1 and true are not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return one == other


def _broken(broken: bool) -> str | None:
    return BROKEN if broken else None


# ---- the keywords, each as a function of the value and the rule


def _type(_: _Validation, value: object, rule: object, __: Rules, ___: int) -> str | None:
    names = rule if isinstance(rule, list) else [rule]
    known = [_TYPES[name] for name in names if isinstance(name, str) and name in _TYPES]
    return _broken(bool(known) and not any(is_one(value) for is_one in known))


def _enum(_: _Validation, value: object, rule: object, __: Rules, ___: int) -> str | None:
    return _broken(isinstance(rule, list) and not any(_same(value, one) for one in rule))


def _const(_: _Validation, value: object, rule: object, __: Rules, ___: int) -> str | None:
    return _broken(not _same(value, rule))


def _ref(run: _Validation, value: object, rule: object, _: Rules, depth: int) -> str | None:
    target = run.target(rule) if isinstance(rule, str) else None
    if target is None:
        run.unknown.add("$ref")
        return None
    return run.of(value, target, depth + 1)


def _all_of(run: _Validation, value: object, rule: object, _: Rules, depth: int) -> str | None:
    parts = rule if isinstance(rule, list) else []
    problems = (run.of(value, part, depth + 1) for part in parts)
    return next((problem for problem in problems if problem is not None), None)


def _any_of(run: _Validation, value: object, rule: object, _: Rules, depth: int) -> str | None:
    parts = rule if isinstance(rule, list) else []
    return _broken(bool(parts) and not any(run.good(value, part, depth) for part in parts))


def _one_of(run: _Validation, value: object, rule: object, _: Rules, depth: int) -> str | None:
    parts = rule if isinstance(rule, list) else []
    return _broken(bool(parts) and sum(run.good(value, part, depth) for part in parts) != 1)


def _not(run: _Validation, value: object, rule: object, _: Rules, depth: int) -> str | None:
    return _broken(run.good(value, rule, depth))


def _properties(run: _Validation, value: object, rule: object, _: Rules, depth: int) -> str | None:
    if not isinstance(value, dict) or not isinstance(rule, Mapping):
        return None
    there = (run.of(value[key], part, depth + 1) for key, part in rule.items() if key in value)
    return next((problem for problem in there if problem is not None), None)


def _required(_: _Validation, value: object, rule: object, __: Rules, ___: int) -> str | None:
    both = isinstance(value, dict) and isinstance(rule, list)
    return _broken(both and any(key not in value for key in rule))  # type: ignore[operator, attr-defined]


def _additional(
    run: _Validation, value: object, rule: object, schema: Rules, depth: int
) -> str | None:
    if not isinstance(value, dict) or "patternProperties" in schema:
        return None
    named = schema.get("properties")
    known = named if isinstance(named, Mapping) else {}
    return _broken(any(not run.good(value[key], rule, depth) for key in value if key not in known))


def _property_names(
    run: _Validation, value: object, rule: object, _: Rules, depth: int
) -> str | None:
    return _broken(isinstance(value, dict) and any(not run.good(key, rule, depth) for key in value))


def _items(run: _Validation, value: object, rule: object, schema: Rules, depth: int) -> str | None:
    if not isinstance(value, list) or isinstance(rule, list):
        return None
    first = schema.get("prefixItems")
    rest = value[len(first) :] if isinstance(first, list) else value
    problems = (run.of(item, rule, depth + 1) for item in rest)
    return next((problem for problem in problems if problem is not None), None)


def _prefix_items(
    run: _Validation, value: object, rule: object, _: Rules, depth: int
) -> str | None:
    if not isinstance(value, list) or not isinstance(rule, list):
        return None
    pairs = zip(value, rule, strict=False)
    problems = (run.of(item, part, depth + 1) for item, part in pairs)
    return next((problem for problem in problems if problem is not None), None)


def _contains(run: _Validation, value: object, rule: object, _: Rules, depth: int) -> str | None:
    return _broken(
        isinstance(value, list) and not any(run.good(item, rule, depth) for item in value)
    )


def _unique(_: _Validation, value: object, rule: object, __: Rules, ___: int) -> str | None:
    if rule is not True or not isinstance(value, list) or len(value) > MOST_UNIQUE:
        return None
    return _broken(
        any(_same(one, other) for at, one in enumerate(value) for other in value[at + 1 :])
    )


def _pattern(_: _Validation, value: object, rule: object, __: Rules, ___: int) -> str | None:
    if not isinstance(value, str) or not isinstance(rule, str) or not _is_safe(rule):
        return None
    try:
        return _broken(re.search(rule, value[:LONGEST_TEXT]) is None)
    except re.error:  # ECMAScript's expressions are not all Python's
        return None


def _is_safe(pattern: str) -> bool:
    """Whether a caller's expression is short and repeats no group, so that it cannot run away."""
    return len(pattern) <= LONGEST_PATTERN and re.search(r"\)[*+{]", pattern) is None


def _bound(
    size: Callable[[object], float | None], breaks: Callable[[float, float], bool]
) -> _Check:
    """A keyword that bounds a size; values that have no such size fit."""

    def check(_: _Validation, value: object, rule: object, __: Rules, ___: int) -> str | None:
        found = size(value)
        if found is None or isinstance(rule, bool) or not isinstance(rule, int | float):
            return None
        return _broken(breaks(found, rule))

    return check


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _length(value: object) -> float | None:
    return len(value) if isinstance(value, str) else None


def _count(value: object) -> float | None:
    return len(value) if isinstance(value, list) else None


def _keys(value: object) -> float | None:
    return len(value) if isinstance(value, dict) else None


def _no_multiple(value: float, step: float) -> bool:
    if step <= 0:
        return False
    quotient = value / step
    return not math.isclose(quotient, round(quotient), rel_tol=1e-9, abs_tol=1e-9)


MOST_UNIQUE = 1_000
"""Items that are compared with each other; a longer array counts as having no doubles."""

LONGEST_PATTERN = 200

_CHECKS: dict[str, _Check] = {
    "$ref": _ref,
    "type": _type,
    "enum": _enum,
    "const": _const,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "propertyNames": _property_names,
    "minProperties": _bound(_keys, operator.lt),
    "maxProperties": _bound(_keys, operator.gt),
    "items": _items,
    "prefixItems": _prefix_items,
    "contains": _contains,
    "uniqueItems": _unique,
    "minItems": _bound(_count, operator.lt),
    "maxItems": _bound(_count, operator.gt),
    "pattern": _pattern,
    "minLength": _bound(_length, operator.lt),
    "maxLength": _bound(_length, operator.gt),
    "minimum": _bound(_number, operator.lt),
    "maximum": _bound(_number, operator.gt),
    "exclusiveMinimum": _bound(_number, operator.le),
    "exclusiveMaximum": _bound(_number, operator.ge),
    "multipleOf": _bound(_number, _no_multiple),
}
