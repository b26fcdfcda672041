"""passed_model: who answers what is passed through: the model named, or the one that is set."""

from __future__ import annotations

import msgspec
import pytest

from headgate.errors import RequestError
from headgate.gateway.gate import NOBODY
from headgate.gateway.passed_model import model_for
from headgate.values import ModelRef
from headgate.wire.passed import EMBEDDINGS, JSON_KINDS, MODERATIONS, Kind, Passed, read
from tests.gateway.plants import plant

OURS = ModelRef("openai", "guard")
PLANT = msgspec.structs.replace(plant()[0], ours={MODERATIONS.path: OURS})
BARE = plant()[0]


def asked(model: str, kind: Kind = MODERATIONS) -> Passed:
    fields = {kind.text: "hi", **({"model": model} if model else {})}
    return read(kind, msgspec.json.encode(fields))


@pytest.mark.parametrize("name", ["", "auto", "guard", "openai/guard"])
def test_what_is_set_answers_where_it_is_meant(name):
    assert model_for(PLANT, NOBODY, asked(name)) == OURS


def test_another_one_answers_where_it_is_named():
    assert model_for(PLANT, NOBODY, asked("openai/other")) == ModelRef("openai", "other")


@pytest.mark.parametrize(
    ("made", "name", "kind", "status", "fix"),
    [
        (BARE, "", MODERATIONS, 400, "[server] moderation_model"),
        (BARE, "", EMBEDDINGS, 400, "[server] embedding_model"),
        (PLANT, "", JSON_KINDS["/images/generations"], 400, "[server] image_model"),
        (PLANT, "", JSON_KINDS["/audio/speech"], 400, "Name it as `provider/model`."),
        (BARE, "auto", MODERATIONS, 404, "[server] moderation_model"),
        (BARE, "auto", EMBEDDINGS, 404, "[server] embedding_model"),
        (PLANT, "other", MODERATIONS, 404, "ask for `guard`"),
        (PLANT, "auto", JSON_KINDS["/audio/speech"], 404, "a configured provider."),
        (PLANT, "nobody/x", MODERATIONS, 404, "provider/model"),
        (PLANT, "anthropic/x", MODERATIONS, 400, "OpenAI's dialect"),
    ],
)
def test_a_refusal_says_what_to_do(made, name, kind, status, fix):
    with pytest.raises(RequestError) as caught:
        model_for(made, NOBODY, asked(name, kind))
    assert (caught.value.status, caught.value.param) == (status, "model")
    assert fix in (caught.value.fix or "")
