"""The settings of `[providers.NAME]`: where models are called."""

from __future__ import annotations

from headgate.settings import schema
from headgate.settings.fields.section import Field, Section
from headgate.settings.kinds import PROXY, URL, VARIABLE, Choice, Flag, Headers, Text, name_of

__all__ = ["PROVIDERS"]

PROVIDERS = Section(
    "providers",
    "Where models are called, in which dialect, with which key.",
    schema.ProviderSettings,
    (
        Field(
            "dialect",
            Choice("openai", "openai-responses", "anthropic"),
            "The API it speaks: OpenAI chat completions, OpenAI Responses or Anthropic Messages.",
            otherwise="what is known of the provider, if it is known",
            example='"openai"',
        ),
        Field(
            "base_url",
            URL,
            "Where its API begins: before `/chat/completions` or `/responses`, or before "
            "`/v1/messages`.",
            otherwise="what is known of the provider, if it is known",
            example='"https://api.openai.com/v1"',
        ),
        Field(
            "api_key_env",
            VARIABLE,
            "The environment variable that holds the key.",
            otherwise="what is known of the provider, at its known URL; else no key is sent",
            example='"OPENAI_API_KEY"',
        ),
        Field(
            "api_key_file",
            Text(500),
            "A file that holds the key instead, read again as it changes; its path begins at this "
            "file.",
            otherwise="the key is in a variable, or none is sent",
            example='"/run/secrets/openai"',
        ),
        Field(
            "prices",
            name_of("price list"),
            "Whose price list holds for its models.",
            otherwise="the provider's own name",
            example='"openai"',
        ),
        Field(
            "platform",
            Choice("vertex"),
            "The cloud that serves Claude there: Google's Vertex AI.",
            otherwise="none: the dialect is spoken plainly",
            example='"vertex"',
        ),
        Field(
            "headers",
            Headers(),
            "Further headers to send with every call; never secrets.",
            otherwise="none",
            example='{ "x-team" = "search" }',
        ),
        Field(
            "traceparent",
            Flag(),
            "Tell it which trace a call belongs to, by W3C's headers; needs `[watch] otel`.",
        ),
        Field(
            "proxy",
            PROXY,
            "A forward proxy that this provider is called through; empty for none.",
            otherwise="that of `[egress]`; an address of this machine is called directly",
            example='"http://proxy.example:3128"',
        ),
        Field(
            "proxy_auth_env",
            VARIABLE,
            "The environment variable that holds `user:password` for the provider's own proxy.",
            otherwise="the proxy is sent no credentials",
            example='"PROXY_AUTH"',
        ),
    ),
    "named",
    "name",
)
