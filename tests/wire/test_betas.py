"""betas: flags that a model refuses are read from its words and taken out of the header."""

from __future__ import annotations

import pytest

from headgate.wire.betas import BETA, ascribed, beta_easings, without_flags
from headgate.wire.easing import Easing
from headgate.wire.neutral import Problem

ASK = "Please try again without the header."


def flags(*names: str) -> list[Easing]:
    return [Easing(BETA, where=name.encode()) for name in names]


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (
            f"Unexpected value(s) `effort-2025-11-24` for the `anthropic-beta` header. {ASK}",
            flags("effort-2025-11-24"),
        ),
        (
            "Unexpected value(s) `a-2026-01-05`, `b-2025-12-15` for the `anthropic-beta` header.",
            flags("a-2026-01-05", "b-2025-12-15"),
        ),
        (
            "The long context beta is not yet available for this subscription.",
            flags("context-1m-2025-08-07"),
        ),
        ("invalid beta flag", flags("")),
        ("The model returned the following errors: invalid beta flag", flags("")),
        ("Unexpected value(s) `a b` for the `anthropic-beta` header.", []),
        ("Unexpected value(s) `a` for the `anthropic-version` header.", []),
        ("adaptive thinking is not supported on this model", []),
    ],
)
def test_a_refusal_of_flags_is_read(message, found):
    assert beta_easings(Problem(400, message)) == found
    assert beta_easings(Problem(403, message)) == []


def test_a_refusal_that_names_no_flag_is_of_all_that_were_sent():
    assert ascribed(Easing(BETA), "b, a,,b") == Easing(BETA, where=b"b,a")
    assert ascribed(Easing(BETA, where=b"a"), "a,b") == Easing(BETA, where=b"a")
    assert ascribed(Easing("top_p"), "a") == Easing("top_p")


@pytest.mark.parametrize(
    ("value", "easings", "after"),
    [
        ("a, b,c", flags("b"), ("a,c", ["b"])),
        ("a,b", flags("a", "b"), ("", ["a", "b"])),
        ("a, b", flags("b,c"), ("a, b", [])),  # not all that were refused together
        ("c,a,b", flags("b,c"), ("a", ["b", "c"])),
        ("a, b", flags("", "aa"), ("a, b", [])),
        ("a", [Easing("a", where=b"a")], ("a", [])),
        ("", flags("a"), ("", [])),
    ],
)
def test_only_what_was_refused_is_taken_out(value, easings, after):
    assert without_flags(value, easings) == after
