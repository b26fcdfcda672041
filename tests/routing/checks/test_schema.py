"""schema: what each keyword accepts, and that what is not known is accepted and named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.routing.checks.schema import DEEPEST, fits

PERSON: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
    "required": ["name"],
    "additionalProperties": False,
}


def problem(value: object, schema: Any) -> str | None:
    return fits(json.dumps(value), schema)[0]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"name": "A"}', None),
        (' {"name": "A", "age": 3}\n', None),
        ('{"name": "A", "age": -1}', "minimum"),
        ('{"name": "A", "age": 1.5}', "type"),
        ('{"age": 3}', "required"),
        ('{"name": "A", "x": 1}', "additionalProperties"),
        ("[]", "type"),
        ('{"name": "A"', "not-json"),
        ('```json\n{"name": "A"}\n```', "not-json"),
        ("", "not-json"),
        ("[" * 100_000, "not-json"),
    ],
)
def test_an_object_of_structured_output(text, found):
    assert fits(text, PERSON) == (found, ())


@pytest.mark.parametrize(
    ("schema", "good", "bad", "keyword"),
    [
        ({"type": "string"}, "a", 1, "type"),
        ({"type": ["string", "null"]}, None, 1, "type"),
        ({"type": "integer"}, 1.0, 1.5, "type"),
        ({"type": "integer"}, 1, True, "type"),
        ({"type": "number"}, 1.5, True, "type"),
        ({"type": "boolean"}, True, 1, "type"),
        ({"type": "null"}, None, 0, "type"),
        ({"type": "array"}, [], {}, "type"),
        ({"enum": ["a", 1]}, 1.0, True, "enum"),
        ({"const": {"a": [1]}}, {"a": [1.0]}, {"a": [True]}, "const"),
        ({"allOf": [{"minimum": 1}, {"maximum": 2}]}, 2, 3, "maximum"),
        ({"anyOf": [{"type": "string"}, {"minimum": 5}]}, 5, 4, "anyOf"),
        ({"oneOf": [{"minimum": 1}, {"minimum": 5}]}, 2, 6, "oneOf"),
        ({"not": {"type": "string"}}, 1, "a", "not"),
        ({"properties": {"a": {"type": "string"}}}, {"b": 1}, {"a": 1}, "type"),
        ({"required": ["a"]}, {"a": None}, {}, "required"),
        (
            {"additionalProperties": {"type": "string"}},
            {"a": "b"},
            {"a": 1},
            "additionalProperties",
        ),
        ({"propertyNames": {"maxLength": 2}}, {"ab": 1}, {"abc": 1}, "propertyNames"),
        ({"minProperties": 1}, {"a": 1}, {}, "minProperties"),
        ({"maxProperties": 1}, {"a": 1}, {"a": 1, "b": 2}, "maxProperties"),
        ({"items": {"type": "string"}}, ["a"], ["a", 1], "type"),
        ({"items": False}, [], [1], "false"),
        (
            {"prefixItems": [{"type": "string"}], "items": {"type": "integer"}},
            ["a", 1],
            ["a", "b"],
            "type",
        ),
        ({"prefixItems": [{"type": "string"}]}, ["a", 1], [1], "type"),
        ({"contains": {"const": 1}}, [2, 1], [2], "contains"),
        ({"uniqueItems": True}, [1, True], [1, 1.0], "uniqueItems"),
        ({"minItems": 1}, [1], [], "minItems"),
        ({"maxItems": 1}, [1], [1, 2], "maxItems"),
        ({"pattern": "^a+$"}, "aa", "b", "pattern"),
        ({"minLength": 2}, "ab", "a", "minLength"),
        ({"maxLength": 1}, "a", "ab", "maxLength"),
        ({"minimum": 1}, 1, 0, "minimum"),
        ({"maximum": 1}, 1, 2, "maximum"),
        ({"exclusiveMinimum": 1}, 2, 1, "exclusiveMinimum"),
        ({"exclusiveMaximum": 1}, 0, 1, "exclusiveMaximum"),
        ({"multipleOf": 0.1}, 0.3, 0.35, "multipleOf"),
    ],
)
def test_each_keyword_accepts_and_rejects(schema, good, bad, keyword):
    assert problem(good, schema) is None
    assert problem(bad, schema) == keyword


@pytest.mark.parametrize(
    "schema",
    [
        {"minLength": 5}, {"minimum": 5}, {"minItems": 5}, {"minProperties": 5}, {"pattern": "z"},
        {"required": ["z"]}, {"items": False}, {"properties": {"z": False}}, {"multipleOf": 7},
    ],
)  # fmt: skip
def test_a_keyword_says_nothing_of_values_of_another_type(schema):
    others: list[object] = [None, True]
    assert all(problem(value, schema) is None for value in others)


def test_references_within_the_schema_are_followed():
    schema = {
        "$defs": {"a/b": {"type": "string"}, "list": {"items": {"$ref": "#/$defs/a~1b"}}},
        "properties": {"x": {"$ref": "#/$defs/list"}},
    }
    assert problem({"x": ["a"]}, schema) is None
    assert problem({"x": [1]}, schema) == "type"


def test_a_schema_that_refers_to_itself_is_followed_as_deep_as_the_value():
    tree = {"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["v"]}
    assert problem({"v": 1, "next": {"v": 2}}, tree) is None
    assert problem({"v": 1, "next": {"next": {}}}, tree) == "required"


def test_a_reference_that_leads_round_in_circles_ends():
    assert problem(1, {"$ref": "#"}) is None
    assert problem(1, {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}) is None


def test_what_is_not_known_accepts_and_is_named():
    schema = {
        "if": {"type": "string"}, "properties": {"a": {"dependentRequired": {}}},
        "title": "silent", "format": "email",
    }  # fmt: skip
    assert fits('{"a": {}}', schema) == (None, ("dependentRequired", "if"))
    assert fits("1", {"$ref": "https://example.com/schema"}) == (None, ("$ref",))


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "x" * 201, "[", r"\p{L}"])
def test_a_callers_expression_that_could_run_away_or_is_none_of_pythons_accepts(pattern):
    assert problem("a" * 5_000 + "!", {"pattern": pattern}) is None


def test_a_schema_without_sense_accepts():
    for schema in ({"type": 5}, {"enum": 5}, {"required": "a"}, {"items": 5}, {"anyOf": 5}):
        assert problem({"a": 1}, schema) in (None, "enum")
    assert problem(1, True) is None
    assert problem(1, False) == "false"


def test_nesting_beyond_reason_is_accepted():
    value: object = "deep"
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(DEEPEST + 10):
        value, schema = [value], {"items": schema}
    assert problem(value, schema) is None


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(JSON, JSON)
def test_no_schema_and_no_value_does_harm(value, schema):
    found, unknown = fits(json.dumps(value), schema if isinstance(schema, dict) else True)
    assert found is None or isinstance(found, str)
    assert list(unknown) == sorted(unknown)


@given(JSON)
def test_a_value_fits_itself_as_a_constant(value):
    assert problem(value, {"const": value}) is None
    assert problem([value], {"enum": [[value]]}) is None
