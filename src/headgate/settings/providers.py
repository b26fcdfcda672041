"""Providers that Headgate knows by name: where they are called, in which dialect, with which key.

The base URLs are the ones that the providers' documentation and SDKs use (November 2026); a file
can state another. A section `[providers.NAME]` of such a name may leave out what stands here.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["DEFAULT_MODERATION", "KNOWN", "Provider", "known_value"]

DEFAULT_MODERATION = "omni-moderation-latest"
"""What OpenAI's API takes for a moderation that names no model."""


class Provider(NamedTuple):
    """What is known of a provider, and the models that `headgate init` writes for it."""

    dialect: Literal["openai", "openai-responses", "anthropic"]
    base_url: str
    api_key_env: str
    cheap: str
    premium: str
    classifier: str
    prices: str | None = None
    """The name of its price list, where that differs from its own."""


KNOWN = {
    "groq": Provider(
        "openai",
        "https://api.groq.com/openai/v1",
        "GROQ_API_KEY",
        cheap="openai/gpt-oss-20b",
        premium="openai/gpt-oss-120b",
        classifier="llama-3.1-8b-instant",
    ),
    "openai": Provider(
        "openai",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        cheap="gpt-5-mini",
        premium="gpt-5",
        classifier="gpt-5-nano",
    ),
    "mistral": Provider(
        "openai",
        "https://api.mistral.ai/v1",
        "MISTRAL_API_KEY",
        cheap="mistral-small-latest",
        premium="mistral-medium-latest",
        classifier="ministral-8b-latest",
    ),
    "xai": Provider(
        "openai",
        "https://api.x.ai/v1",
        "XAI_API_KEY",
        cheap="grok-4-1-fast-non-reasoning",
        premium="grok-4.5",
        classifier="grok-4-1-fast-non-reasoning",
        prices="x-ai",
    ),
    "deepseek": Provider(
        "openai",
        "https://api.deepseek.com/v1",
        "DEEPSEEK_API_KEY",
        cheap="deepseek-v4-flash",
        premium="deepseek-v4-pro",
        classifier="deepseek-v4-flash",
    ),
    "google": Provider(
        "openai",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "GEMINI_API_KEY",
        cheap="gemini-2.5-flash",
        premium="gemini-2.5-pro",
        classifier="gemini-2.5-flash",
    ),
    "openrouter": Provider(
        "openai",
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
        cheap="anthropic/claude-haiku-4.5",
        premium="anthropic/claude-sonnet-4.6",
        classifier="google/gemini-2.5-flash",
    ),
    "anthropic": Provider(
        "anthropic",
        "https://api.anthropic.com",
        "ANTHROPIC_API_KEY",
        cheap="claude-haiku-4-5",
        premium="claude-sonnet-4-6",
        classifier="claude-haiku-4-5",
    ),
}
"""By name; the one whose classifier costs least first."""


def known_value(name: str, key: str) -> str | None:
    """What `[providers.NAME]` may leave out: the known value of a key; None where none is known."""
    provider = KNOWN.get(name)
    if provider is None or key not in ("dialect", "base_url", "api_key_env", "prices"):
        return None
    value: str | None = getattr(provider, key)
    return value
