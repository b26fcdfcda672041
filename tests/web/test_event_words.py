"""event_words: every kind of event that Headgate writes has words, and particulars can be read."""

import ast
import doctest
from collections.abc import Iterator
from pathlib import Path

import pytest

import headgate
from headgate.monitor.feedback import FEEDBACK
from headgate.monitor.standing import KINDS
from headgate.web import event_words
from headgate.web.event_words import WORDS, particulars, words_of

SOURCE = Path(headgate.__file__).parent
FAMILIES = {kind.partition(".")[0] for kind in WORDS if "." in kind}


def written() -> Iterator[str]:
    """Dotted words of the families of kinds, in every file that makes events."""
    for path in SOURCE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.stem == "event_words" or "ledger.event import Event" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                family, point, rest = node.value.partition(".")
                if point and family in FAMILIES and rest.isidentifier():
                    yield node.value


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(event_words).failed == 0


def test_every_kind_that_is_written_has_words_and_no_other():
    kinds = {*written(), *KINDS, FEEDBACK, "quality.compared"}
    assert kinds == set(WORDS)


def test_no_two_kinds_say_the_same():
    assert len(set(WORDS.values())) == len(WORDS)


def test_a_kind_of_a_newer_headgate_has_no_words():
    assert words_of("moon.risen") == ""


@pytest.mark.parametrize(
    ("detail", "told"),
    [
        ("not json", []),
        ("[1]", []),
        ("{}", []),
        ('{"limit_usd": "20.00", "n": 0, "sure": false}', [
            ("limit usd", "20.00"), ("n", "0"), ("sure", "false"),
        ]),
        ('{"channels": {"hook": "taken", "mail": "refused"}}', [
            ("channels", "hook: taken, mail: refused"),
        ]),
        ('{"at_us": 1795435200000000}', [("at", "2026-11-23 12:00:00")]),
        ('{"at_us": 99999999999999999999}', [("at", "99999999999999999999")]),
        ('{"at_us": "soon"}', [("at us", "soon")]),
        ('{"a": null, "b": "", "c": [], "d": {}}', []),
    ],
)  # fmt: skip
def test_particulars_are_names_and_values_for_people(detail, told):
    assert particulars(detail) == told
