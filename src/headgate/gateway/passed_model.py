"""Which model a request that is passed through goes to: the one it names, or the one that is set.

Who runs the gateway has chosen what is set, so it is open to keys that may choose nothing
themselves.
"""

from __future__ import annotations

from headgate.errors import RequestError
from headgate.gateway.gate import Visitor
from headgate.gateway.permission import permit_choice, permit_model
from headgate.gateway.plant import Plant
from headgate.routing.policy import AUTO
from headgate.routing.tier import PINNED
from headgate.values import ModelRef
from headgate.wire.passed import EMBEDDINGS, IMAGES, MODERATIONS, Passed, speaks

__all__ = ["model_for"]

_SETTINGS = {
    EMBEDDINGS.path: "embedding_model",
    MODERATIONS.path: "moderation_model",
    **dict.fromkeys(IMAGES, "image_model"),
}
"""What names the model for a path."""


def model_for(plant: Plant, visitor: Visitor, asked: Passed) -> ModelRef:
    """The model that answers.

    Args:
        plant: knows the providers, and what is set.
        visitor: it has to be open to.
        asked: the request.

    Raises:
        RequestError: it names no model that can be called, or one that is not open.
    """
    ours = plant.ours.get(asked.kind.path)
    if ours is not None and asked.model in ("", AUTO, ours.model, str(ours)):
        permit_model(visitor, ours)
        return ours
    model = _named(plant, asked, ours)
    permit_choice(visitor, model, asked.model, PINNED)
    return model


def _named(plant: Plant, asked: Passed, ours: ModelRef | None) -> ModelRef:
    """That of `provider/model`."""
    kind, setting = asked.kind, _SETTINGS.get(asked.kind.path)
    setting = f", or have `[server] {setting}` name one for all" if setting and not ours else ""
    if not asked.model:
        raise RequestError(
            "Missing required parameter: 'model'.",
            code="missing_required_parameter",
            param="model",
            fix=f"Name it as `provider/model`{setting}.",
        )
    try:
        model = ModelRef.parse(asked.model)
    except ValueError:
        model = None
    if model is None or model.provider not in plant.providers:
        hint = f" or ask for `{ours.model}`" if ours else setting
        what = "embedding model" if kind is EMBEDDINGS else "model"
        raise RequestError(
            f"No provider is known for the {what} `{asked.model[:100]}`.",
            status=404,
            code="model_not_found",
            param="model",
            fix=f"Name it as `provider/model`, with a configured provider{hint}.",
        )
    if not speaks(plant.providers[model.provider].dialect):
        raise RequestError(
            f"The provider `{model.provider}` has no {kind.name}.",
            code="unsupported_value",
            param="model",
            fix="Name a model of a provider that speaks OpenAI's dialect.",
        )
    return model
