"""A draft: named by its shape, silent about what is not known."""

from __future__ import annotations

import math

import pytest

from headgate.routing.draft import Draft, size
from headgate.routing.features import Request, traits


def test_all_that_is_known_becomes_a_trait_and_nothing_else():
    draft = Draft(chars=900, agreement=0.5, logprob=math.log(0.91), failed=("refusal", "schema"))
    assert list(draft.traits("maths")) == [
        f"draft chars~{size(900)}",
        f"draft chars~{size(900)} in maths",
        "draft agreement~4",
        "draft probability~18",
        "draft failed=refusal",
        "draft failed=schema",
    ]
    assert list(Draft().traits("maths")) == []


@pytest.mark.parametrize("logprob", [0.0, 1e-9, -1e9])
def test_the_ends_of_probability_have_their_names_too(logprob: float):
    (name,) = Draft(logprob=logprob).traits("")
    assert name == ("draft probability~0" if logprob < -1 else "draft probability~20")


def test_a_request_with_a_draft_has_its_traits_besides_its_own():
    plain = Request(text="Why?")
    drafted = Request(text="Why?", draft=Draft(failed=("empty",)))
    found = traits(drafted, 1)
    assert set(found) == {*traits(plain, 1), "draft failed=empty"}
