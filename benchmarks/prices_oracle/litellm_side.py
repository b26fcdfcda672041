"""Runs in LiteLLM's own environment: what it charges for each model and shape, as JSON lines.

The shapes come as JSON on stdin, the providers as arguments. Nothing is fetched: the cost map is
the one inside the package.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm  # type: ignore[import-not-found]  # it lives in an environment of its own
from litellm.types.utils import (  # type: ignore[import-not-found]
    CacheCreationTokenDetails,
    PromptTokensDetailsWrapper,
    Usage,
)


def cost(model: str, provider: str, shape: dict[str, int]) -> float | str:
    """LiteLLM's price of a call in US dollars; the error's name where it has none."""
    written = shape["cache_write_5m"] + shape["cache_write_1h"]
    total = shape["input"] + shape["cache_read"] + written
    usage = Usage(
        prompt_tokens=total,
        completion_tokens=shape["output"],
        total_tokens=total + shape["output"],
        cache_read_input_tokens=shape["cache_read"],
        cache_creation_input_tokens=written,
        prompt_tokens_details=PromptTokensDetailsWrapper(
            cached_tokens=shape["cache_read"],
            cache_creation_tokens=written,
            cache_creation_token_details=CacheCreationTokenDetails(
                ephemeral_5m_input_tokens=shape["cache_write_5m"],
                ephemeral_1h_input_tokens=shape["cache_write_1h"],
            ),
        ),
    )
    answer = litellm.ModelResponse(model=model, usage=usage)
    try:
        return float(
            litellm.completion_cost(
                completion_response=answer, model=model, custom_llm_provider=provider
            )
        )
    except Exception as error:  # noqa: BLE001 - any failure of the other side is an answer
        return type(error).__name__


def main() -> None:
    """One line for each chat model of the providers: its entry, and a cost for each shape."""
    shapes: dict[str, dict[str, int]] = json.load(sys.stdin)
    for name, entry in litellm.model_cost.items():
        provider = entry.get("litellm_provider")
        if provider not in sys.argv[1:] or entry.get("mode") not in ("chat", "responses"):
            continue
        prices: dict[str, Any] = {
            key: value
            for key, value in entry.items()
            if "cost" in key or key in ("tiered_pricing", "off_peak_pricing")
        }
        costs = {label: cost(name, provider, shape) for label, shape in shapes.items()}
        print(json.dumps({"name": name, "provider": provider, "prices": prices, "costs": costs}))


if __name__ == "__main__":
    main()
