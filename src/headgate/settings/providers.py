"""Providers that Headgate knows by name: where they are called, in which dialect, with which key.

The base URLs and variables are the ones that the providers' documentation and SDKs use (November
2026); a file can state another. A section `[providers.NAME]` of such a name may leave out what
stands here. A name that the price list has, too, is spelt as there, so that its prices hold.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = [
    "DEFAULT_MODERATION",
    "KNOWN",
    "PLATFORMS",
    "SUGGESTED",
    "Cloud",
    "Models",
    "Provider",
    "known_value",
]

DEFAULT_MODERATION = "omni-moderation-latest"
"""What OpenAI's API takes for a moderation that names no model."""


class Provider(NamedTuple):
    """What is known of a provider."""

    dialect: Literal["openai", "openai-responses", "anthropic"]
    base_url: str
    api_key_env: str | None = None
    """None: it asks for no key."""
    prices: str | None = None
    """The name of its price list, where that differs from its own."""


class Cloud(NamedTuple):
    """What is known of a platform that serves Claude."""

    base_url: str
    """What its address looks like; the words in capitals are the operator's."""
    prices: str
    """The name of its price list."""
    dialect: str = "anthropic"


class Models(NamedTuple):
    """The models of a provider that `headgate init` writes and the plan's advice compares."""

    cheap: str
    premium: str
    classifier: str


KNOWN = {
    # who makes the models, or is the first to ask for them
    "anthropic": Provider("anthropic", "https://api.anthropic.com", "ANTHROPIC_API_KEY"),
    "deepseek": Provider("openai", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
    "google": Provider(
        "openai", "https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"
    ),
    "minimax": Provider("openai", "https://api.minimax.io/v1", "MINIMAX_API_KEY"),
    "mistral": Provider("openai", "https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    "moonshotai": Provider("openai", "https://api.moonshot.ai/v1", "MOONSHOT_API_KEY"),
    "openai": Provider("openai", "https://api.openai.com/v1", "OPENAI_API_KEY"),
    # its chat completions ended in September 2026
    "perplexity": Provider(
        "openai-responses", "https://api.perplexity.ai/v1", "PERPLEXITY_API_KEY"
    ),
    "xai": Provider("openai", "https://api.x.ai/v1", "XAI_API_KEY", prices="x-ai"),
    "zai": Provider("openai", "https://api.z.ai/api/paas/v4", "ZAI_API_KEY"),
    # who serves the models of others
    "cerebras": Provider("openai", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
    "deepinfra": Provider("openai", "https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY"),
    "fireworks": Provider("openai", "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
    "groq": Provider("openai", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "huggingface": Provider("openai", "https://router.huggingface.co/v1", "HF_TOKEN"),
    "nebius": Provider("openai", "https://api.tokenfactory.nebius.com/v1", "NEBIUS_API_KEY"),
    "novita": Provider("openai", "https://api.novita.ai/openai/v1", "NOVITA_API_KEY"),
    "nvidia": Provider("openai", "https://integrate.api.nvidia.com/v1", "NVIDIA_API_KEY"),
    "openrouter": Provider("openai", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "sambanova": Provider("openai", "https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY"),
    "together": Provider("openai", "https://api.together.ai/v1", "TOGETHER_API_KEY"),
    "vercel": Provider("openai", "https://ai-gateway.vercel.sh/v1", "AI_GATEWAY_API_KEY"),
    # servers on this machine, at the port that each takes by itself
    "lmstudio": Provider("openai", "http://127.0.0.1:1234/v1"),
    "ollama": Provider("openai", "http://127.0.0.1:11434/v1"),
    "vllm": Provider("openai", "http://127.0.0.1:8000/v1"),
}
"""By name. The sources of each: docs/decisions/0080-known-providers.md."""

PLATFORMS = {
    "bedrock": Cloud("https://bedrock-runtime.REGION.amazonaws.com", "aws"),
    "vertex": Cloud(
        "https://aiplatform.googleapis.com/v1/projects/PROJECT/locations/global", "google"
    ),
}
"""By the name that `platform` has."""

SUGGESTED = {
    "groq": Models("openai/gpt-oss-20b", "openai/gpt-oss-120b", "openai/gpt-oss-20b"),
    "openai": Models("gpt-6.1-terra", "gpt-6.1-sol", "gpt-6-luna"),
    "mistral": Models("mistral-small-latest", "mistral-medium-latest", "ministral-8b-latest"),
    "deepseek": Models("deepseek-flash", "deepseek-v4-pro", "deepseek-flash"),
    "google": Models("gemini-3.5-flash-lite", "gemini-3.8-flash", "gemini-2.5-flash"),
    "openrouter": Models(
        "anthropic/claude-haiku-4.5", "anthropic/claude-sonnet-4.6", "google/gemini-2.5-flash"
    ),
    "anthropic": Models("claude-haiku-4-5", "claude-sonnet-4-6", "claude-haiku-4-5"),
    "xai": Models("grok-4.3", "grok-4.5", "grok-4.3"),
}
"""By provider; the one whose classifier costs least first."""


def known_value(name: str, key: str) -> str | None:
    """What `[providers.NAME]` may leave out: the known value of a key; None where none is known."""
    provider = KNOWN.get(name)
    if provider is None or key not in Provider._fields:
        return None
    value: str | None = getattr(provider, key)
    return value
