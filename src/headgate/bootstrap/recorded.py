"""Price cards of the models that logs name, each log in its own spelling."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from headgate.bootstrap.book import prices_of
from headgate.prices.book import Book
from headgate.prices.card import Card
from headgate.settings.schema import Settings
from headgate.values import ModelRef

__all__ = ["pricer"]

SAME = {
    "gemini": "google",
    "vertex_ai": "google",
    "vertex_ai-language-models": "google",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "gcp.vertex_ai": "google",
    "aws.bedrock": "aws",
    "bedrock": "aws",
    "azure.ai.openai": "azure",
    "azure.ai.inference": "azure",
    "mistral_ai": "mistral",
    "xai": "x-ai",
    "x_ai": "x-ai",
}
"""Names of a provider in LiteLLM's logs and OpenTelemetry's conventions, and of its price list."""
LIKELY = ("openai", "anthropic", "google", "mistral", "deepseek", "x-ai", "cohere")
"""Whose list is asked, in this order, about a model without a provider."""


def pricer(settings: Settings, book: Book, at: date) -> Callable[[str], Card | None]:
    """Finds the card of a model by the name that a log has for it; None where no price is known."""

    def find(name: str) -> Card | None:
        provider, slash, model = name.partition("/")
        tried = [name, f"{SAME.get(provider, provider)}/{model}"] if slash else []
        tried += [f"{likely}/{name}" for likely in LIKELY if not slash]
        for spelling in tried:
            try:
                ref = ModelRef.parse(spelling)
            except ValueError:
                continue
            card = book.card(ref, at, prices_of=prices_of(settings, ref.provider))
            if card is not None:
                return card
        return None

    return find
