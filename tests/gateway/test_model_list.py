"""model_list: what callers may ask for, in the forms of both APIs."""

from __future__ import annotations

import json

import pytest
from anthropic.types import ModelInfo
from openai.types import Model

from headgate.errors import RequestError, UnknownModelError
from headgate.gateway.model_list import all_models, one_model, page_of_models

NAMES = ["auto", "cheap", "sim/large"]


def test_the_list_is_that_of_each_api():
    listed = json.loads(all_models(NAMES))
    assert [Model.model_validate(one).id for one in listed["data"]] == NAMES
    listed = json.loads(page_of_models(NAMES))
    assert [ModelInfo.model_validate(one).id for one in listed["data"]] == NAMES
    assert (listed["first_id"], listed["last_id"]) == ("auto", "sim/large")


def test_nothing_to_ask_for_is_an_empty_list():
    assert json.loads(all_models([]))["data"] == []
    assert json.loads(page_of_models([]))["first_id"] is None


@pytest.mark.parametrize("anthropic", [True, False])
def test_one_is_as_it_stands_in_the_list(anthropic):
    whole = page_of_models(NAMES) if anthropic else all_models(NAMES)
    listed = json.loads(whole)["data"]
    for name, one in zip(NAMES, listed, strict=True):
        assert json.loads(one_model(name, NAMES, anthropic=anthropic)) == one


def test_one_that_is_not_in_it_is_refused_with_the_likeliest():
    with pytest.raises(UnknownModelError, match="Did you mean `sim/large`"):
        one_model("sim/larg", NAMES, anthropic=False)
    with pytest.raises(UnknownModelError, match="Ask for one of `auto`, `cheap`"):
        one_model("zzz", NAMES, anthropic=False)
    with pytest.raises(UnknownModelError, match="No model is open"):
        one_model("zzz", [], anthropic=False)


def page(query: str) -> tuple[list[str], bool]:
    listed = json.loads(page_of_models(NAMES, query))
    ids = [one["id"] for one in listed["data"]]
    assert (listed["first_id"], listed["last_id"]) == ((ids[0], ids[-1]) if ids else (None, None))
    return ids, listed["has_more"]


def test_anthropics_api_gives_it_by_the_page_forwards_and_backwards():
    assert page("limit=2") == (["auto", "cheap"], True)
    assert page("limit=2&after_id=cheap") == (["sim/large"], False)
    assert page("after_id=sim%2Flarge&beta=true") == ([], False)
    assert page("limit=1&before_id=sim/large") == (["cheap"], True)
    assert page("limit=3&before_id=sim/large") == (["auto", "cheap"], False)
    assert page("limit=1000") == (NAMES, False)


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=²", "limit"),
        ("limit=many", "limit"),
        ("after_id=gone", "after_id"),
        ("before_id=gone", "before_id"),
    ],
)
def test_a_page_that_cannot_be_is_refused_with_the_words_at_fault(query, param):
    with pytest.raises(RequestError) as caught:
        page_of_models(NAMES, query)
    assert caught.value.param == param
    assert caught.value.status == 400
