import pytest

from headgate.errors import RequestError
from headgate.wire.schemas import MAX_DEPTH, closed, is_strict
from tests.wire.recordings import Json


def test_every_object_is_closed():
    schema: Json = {
        "type": "object",
        "properties": {"a": {"type": "array", "items": {"type": "object", "properties": {}}}},
        "$defs": {"b": {"type": "object", "properties": {}}},
    }
    found: Json = closed(schema, "p")
    assert found["additionalProperties"] is False
    assert found["properties"]["a"]["items"]["additionalProperties"] is False
    assert found["$defs"]["b"]["additionalProperties"] is False


def test_what_is_closed_and_within_the_language_is_untouched():
    schema: Json = {
        "type": "object",
        "description": "A person.",
        "properties": {
            "name": {"type": "string", "format": "email"},
            "kind": {"enum": ["a", "b"]},
            "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}, "minItems": 1},
            "either": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        },
        "required": ["name"],
        "additionalProperties": False,
        "$defs": {"tag": {"type": "string"}},
    }
    assert closed(schema, "p") == schema


def test_bounds_that_cannot_be_enforced_are_told():
    found = closed({"type": "integer", "minimum": 1, "maximum": 9, "description": "Age."}, "p")
    assert found == {"type": "integer", "description": "Age. (minimum: 1, maximum: 9)"}
    assert closed({"type": "string", "pattern": "^a"}, "p") == {
        "type": "string",
        "description": '(pattern: "^a")',
    }
    assert closed({"type": "array", "minItems": 3}, "p")["description"] == "(minItems: 3)"
    assert closed({"type": "string", "format": "regex"}, "p")["description"] == '(format: "regex")'


def test_one_of_becomes_any_of():
    assert closed({"oneOf": [{"type": "string"}]}, "p") == {"anyOf": [{"type": "string"}]}


def test_a_list_of_types_becomes_any_of():
    assert closed({"type": ["string", "null"], "description": "d"}, "p") == {
        "anyOf": [{"type": "string"}, {"type": "null"}],
        "description": "d",
    }
    assert closed({"type": ["string", "null"], "enum": ["a", None]}, "p") == {"enum": ["a", None]}


@pytest.mark.parametrize("further", [True, {}, {"type": "string"}])
def test_an_object_open_to_any_property_is_refused(further):
    schema: Json = {
        "type": "object",
        "properties": {"m": {"type": "object", "additionalProperties": further}},
    }
    with pytest.raises(RequestError) as caught:
        closed(schema, "response_format")
    assert caught.value.param == "response_format"
    assert "additionalProperties" in str(caught.value)


def test_too_deep_a_schema_is_refused():
    schema: dict[str, object] = {"type": "string"}
    for _ in range(MAX_DEPTH + 1):
        schema = {"type": "array", "items": schema}
    with pytest.raises(RequestError, match="levels deep"):
        closed(schema, "p")
    assert not is_strict(schema)


def test_the_given_schema_is_not_changed():
    schema: Json = {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}}
    closed(schema, "p")
    assert schema == {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}}


def test_openai_can_enforce_closed_objects_that_require_everything():
    whole: Json = {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "required": ["a"],
        "additionalProperties": False,
    }
    assert is_strict(whole)
    assert is_strict({"type": "array", "items": whole})
    assert not is_strict({**whole, "required": []})
    assert not is_strict({**whole, "additionalProperties": True})
    assert not is_strict({"anyOf": [whole, {"type": "object"}]})
    assert not is_strict({**whole, "properties": "nonsense"})
    assert not is_strict({**whole, "required": "a"})
