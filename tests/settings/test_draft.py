"""Drafts: sources in their order, and suggestions for slips of the pen."""

from __future__ import annotations

from headgate.settings.document import parse
from headgate.settings.draft import Draft, Given, Source, did_you_mean

FILE = Source("file", "h.toml")


def draft(text: str = "[traffic]\ninput_tokens = 5\n") -> Draft:
    return Draft(parse(text.encode(), "h.toml"), FILE)


def test_flags_rank_above_variables_above_the_file_above_defaults():
    ranks = [
        Source("flag").rank,
        Source("env").rank,
        Source("file").rank,
        Source("example").rank,
        Source("default").rank,
    ]
    assert ranks == [4, 3, 2, 1, 0]


def test_sources_read_as_a_person_would_say_them():
    assert str(Source("file", "h.toml", 12)) == "h.toml:12"
    assert str(Source("env", "HEADGATE_X")) == "env HEADGATE_X"
    assert str(Source("flag", "--set a.b")) == "--set a.b"
    assert str(Source("example")) == "built-in example"
    assert str(Source("default")) == "default"


def test_a_fault_of_the_file_has_file_line_and_field():
    paper = draft()
    paper.fault(("traffic", "input_tokens"), "Wrong.", "Mend it.")
    assert str(paper.faults[0]) == "h.toml:2: traffic.input_tokens: Wrong. Mend it."


def test_a_fault_of_a_variable_names_the_variable_and_no_line():
    paper = draft()
    path = ("traffic", "input_tokens")
    paper.given[path] = Given(7, Source("env", "HEADGATE_TRAFFIC_INPUT_TOKENS"))
    paper.warn(path, "Odd.", "Look.")
    (warning,) = paper.warnings
    assert (warning.source, warning.line) == ("env HEADGATE_TRAFFIC_INPUT_TOKENS", None)


def test_a_slip_of_the_pen_is_guessed_and_nonsense_is_not():
    known = ["escalation", "traffic"]
    assert did_you_mean("escaltion", known) == 'Did you mean "escalation"? '
    assert did_you_mean("zzz", known) == ""


def test_guessing_stops_once_nobody_reads_on():
    paper = draft()
    assert paper.guess("trafic", ["traffic"])
    for _ in range(100):
        paper.fault((), "Wrong.", "Mend it.")
    assert paper.guess("trafic", ["traffic"]) == ""
