"""A request for embeddings: passed through, to the model named or to the one that is set."""

from __future__ import annotations

from headgate.gateway.caller import Caller
from headgate.gateway.gate import NOBODY, Visitor
from headgate.gateway.passage import Passage, named_model
from headgate.gateway.permission import permit_model
from headgate.gateway.plant import Plant
from headgate.routing.policy import AUTO
from headgate.wire.passed import EMBEDDINGS, read

__all__ = ["embedding_of"]


def embedding_of(
    plant: Plant, caller: Caller, body: bytes, request_id: str, visitor: Visitor = NOBODY
) -> Passage:
    """The request for embeddings that a body is, to be run once it has been paid for.

    `provider/model` answers as asked, else the model that is set, if it is meant.

    Raises:
        RequestError: it is no such request, names no model that can be called, or one that is not
            open to the visitor.
    """
    asked, model = read(EMBEDDINGS, body), plant.embedding_model
    if model is not None and asked.model in (AUTO, model.model, str(model)):
        permit_model(visitor, model)
    else:
        model = named_model(plant, visitor, asked.model, EMBEDDINGS, model)
    return Passage(plant, caller, asked, model, request_id, "embedding", visitor)
