"""model_list: what callers may ask for, in the forms of both APIs."""

from __future__ import annotations

import json

import pytest
from anthropic.types import ModelInfo
from openai.types import Model

from headgate.errors import UnknownModelError
from headgate.gateway.model_list import all_models, one_model

NAMES = ["auto", "cheap", "sim/large"]


def test_the_list_is_that_of_each_api():
    listed = json.loads(all_models(NAMES, anthropic=False))
    assert [Model.model_validate(one).id for one in listed["data"]] == NAMES
    listed = json.loads(all_models(NAMES, anthropic=True))
    assert [ModelInfo.model_validate(one).id for one in listed["data"]] == NAMES
    assert (listed["first_id"], listed["last_id"]) == ("auto", "sim/large")


def test_nothing_to_ask_for_is_an_empty_list():
    assert json.loads(all_models([], anthropic=False))["data"] == []
    assert json.loads(all_models([], anthropic=True))["first_id"] is None


@pytest.mark.parametrize("anthropic", [True, False])
def test_one_is_as_it_stands_in_the_list(anthropic):
    listed = json.loads(all_models(NAMES, anthropic=anthropic))["data"]
    for name, one in zip(NAMES, listed, strict=True):
        assert json.loads(one_model(name, NAMES, anthropic=anthropic)) == one


def test_one_that_is_not_in_it_is_refused_with_the_likeliest():
    with pytest.raises(UnknownModelError, match="Did you mean `sim/large`"):
        one_model("sim/larg", NAMES, anthropic=False)
    with pytest.raises(UnknownModelError, match="Ask for one of `auto`, `cheap`"):
        one_model("zzz", NAMES, anthropic=False)
    with pytest.raises(UnknownModelError, match="No model is open"):
        one_model("zzz", [], anthropic=False)
