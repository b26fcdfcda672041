"""docs/errors.md: every error class, code and kind that a user may meet."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import headgate
from headgate import errors
from headgate.errors import HeadgateError
from tests.docs.pages import page

HOUSE = Path(headgate.__file__).parent
MODULES = [path for path in HOUSE.rglob("*.py") if "testing" not in path.relative_to(HOUSE).parts]
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}


def texts(value: ast.expr) -> Iterator[str]:
    """The texts that an expression can be: a literal, or either side of an if."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from texts(value.body)
        yield from texts(value.orelse)


def arguments(keyword: str, *callees: str) -> set[str]:
    """The literal texts given as `keyword` to any of these callees, in the whole source."""
    found: set[str] = set()
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in callees or (name == "__init__" and "super" in ast.dump(node.func)):
                    found |= {
                        text
                        for argument in node.keywords
                        if argument.arg == keyword
                        for text in texts(argument.value)
                    }
                if keyword == "kind" and name == "Failed" and node.args:
                    found |= set(texts(node.args[0]))
    return found


CODES = arguments("code", "RequestError", "Problem")
KINDS = arguments("kind", "UpstreamError", "Failed")


def classes() -> set[type[HeadgateError]]:
    """Every error of the house, wherever it is defined."""
    for path, tree in TREES.items():
        if any(
            isinstance(node, ast.ClassDef) and node.name.endswith("Error") for node in tree.body
        ):
            importlib.import_module(
                ".".join(["headgate", *path.relative_to(HOUSE).with_suffix("").parts])
            )
    found: set[type[HeadgateError]] = set()
    new = {HeadgateError}
    while new:
        found |= new
        new = {sub for one in new for sub in one.__subclasses__()} - found
    return {
        one
        for one in found
        if one.__module__.startswith("headgate.") and ".testing" not in one.__module__
    }


@pytest.mark.parametrize("name", sorted(error.__name__ for error in classes()))
def test_every_error_class_is_on_the_page(name: str):
    assert f"`{name}`" in page("errors.md")


def test_every_error_of_the_tree_is_public():
    public = {name for name in errors.__all__ if name.endswith("Error")}
    assert public == {one.__name__ for one in classes() if one.__module__ == "headgate.errors"}


def test_the_scan_finds_what_is_known_to_be_there():
    assert {"invalid_json", "model_not_found", "not_found", "invalid_api_key"} <= CODES
    assert {"connect", "timeout", "reset", "unusable"} <= KINDS


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_has_its_row(code: str):
    assert f"| `{code}` |" in page("errors.md")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_upstream_failure_has_its_row(kind: str):
    assert f"| `{kind}` |" in page("errors.md")
