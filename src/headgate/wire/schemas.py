"""JSON schemas fitted to what providers can enforce, which is less than JSON Schema can say.

Source for `closed`: platform.claude.com, "Structured outputs", JSON Schema limitations (read
November 2026): every object closed; no numeric, length or pattern bounds; `minItems` 0 or 1; a few
string formats. For `is_strict`: OpenAI's guide "Structured Outputs", supported schemas: every
object closed, and all of its properties required.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from headgate.errors import RequestError

__all__ = ["closed", "is_strict"]

Schema = dict[str, object]

MAX_DEPTH = 64

_KEPT = frozenset(
    {"type", "enum", "const", "required", "description", "title", "default", "$ref", "format"}
)
_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}
)
_DROPPED = frozenset({"$schema", "$id", "$comment", "additionalProperties"})


def closed(schema: Schema, param: str, depth: int = 0) -> Schema:
    """The schema with closed objects; bounds that cannot be enforced are told in the description.

    Args:
        schema: a JSON schema.
        param: the caller's name for it, for errors.
        depth: how deep this schema lies in the whole one.

    Raises:
        RequestError: an object is open to properties that it does not name, or is nested too deep.
    """
    if depth > MAX_DEPTH:
        raise RequestError(
            f"The schema in '{param}' is nested more than {MAX_DEPTH} levels deep.", param=param
        )
    out: Schema = {}
    told: Schema = {}
    for key, value in schema.items():
        if key in ("properties", "$defs", "definitions") and isinstance(value, dict):
            out[key] = {name: _inner(one, param, depth) for name, one in value.items()}
        elif key in ("anyOf", "oneOf", "allOf") and isinstance(value, list):
            name = "anyOf" if key == "oneOf" else key
            out[name] = [_inner(one, param, depth) for one in value]
        elif key == "items":
            out[key] = _inner(value, param, depth)
        elif _is_kept(key, value):
            out[key] = value
        elif key not in _DROPPED:
            told[key] = value
    if schema.get("type") == "object" or "properties" in schema:
        _close(out, schema.get("additionalProperties"), param)
    if told:
        _tell(out, told)
    return _one_type(out)


def _inner(schema: object, param: str, depth: int) -> object:
    return closed(schema, param, depth + 1) if isinstance(schema, dict) else schema


def _is_kept(key: str, value: object) -> bool:
    if key == "format":
        return value in _FORMATS if isinstance(value, str) else False
    if key == "minItems":
        return value in (0, 1)
    return key in _KEPT


def _close(out: Schema, further: object, param: str) -> None:
    if further not in (None, False):
        raise RequestError(
            f"The schema in '{param}' has an object with additionalProperties, which this model's "
            "provider cannot enforce.",
            fix="Name all properties and set additionalProperties to false.",
            code="unsupported_value",
            param=param,
        )
    out["additionalProperties"] = False


def _tell(out: Schema, told: Schema) -> None:
    bounds = ", ".join(f"{key}: {msgspec.json.encode(one).decode()}" for key, one in told.items())
    description = out.get("description")
    out["description"] = f"{description} ({bounds})" if description else f"({bounds})"


def _one_type(schema: Schema) -> Schema:
    """A list of types becomes anyOf with one type each; an enum needs no type at all."""
    types = schema.get("type")
    if not isinstance(types, list):
        return schema
    rest = {key: value for key, value in schema.items() if key != "type"}
    if "enum" in rest or "const" in rest:
        return rest
    outer: Schema = {
        key: rest.pop(key) for key in ("description", "title", "default") if key in rest
    }
    variants = [{"type": "null"} if one == "null" else {"type": one, **rest} for one in types]
    return {"anyOf": variants, **outer}


def is_strict(schema: Schema, depth: int = 0) -> bool:
    """Whether OpenAI can enforce the schema: all objects closed, all properties required."""
    if depth > MAX_DEPTH:
        return False
    properties = schema.get("properties", {})
    if schema.get("type") == "object" or "properties" in schema:
        required = schema.get("required", [])
        if schema.get("additionalProperties") is not False or not isinstance(properties, dict):
            return False
        if not isinstance(required, list) or set(properties) != {str(one) for one in required}:
            return False
    return all(is_strict(one, depth + 1) for one in _within(schema))


def _within(schema: Schema) -> Iterator[Schema]:
    """The schemas that a schema is made of."""
    groups = [schema.get(key) for key in ("properties", "$defs", "definitions")]
    found: list[object] = [schema.get("items")]
    found += [one for group in groups if isinstance(group, dict) for one in group.values()]
    lists = [schema.get(key) for key in ("anyOf", "oneOf", "allOf")]
    found += [one for group in lists if isinstance(group, list) for one in group]
    yield from (one for one in found if isinstance(one, dict))
