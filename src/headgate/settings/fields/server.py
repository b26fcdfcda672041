"""The settings of `[server]`: where the gateway listens."""

from __future__ import annotations

from headgate.settings import schema
from headgate.settings.fields.section import Field, Section
from headgate.settings.kinds import (
    ADDRESS,
    ADMIN_ADDRESS,
    MODEL,
    ORIGINS,
    VARIABLE,
    Duration,
    Flag,
    Whole,
)

__all__ = ["SERVER"]

SERVER = Section(
    "server",
    "Where the gateway listens.",
    schema.ServerSettings,
    (
        Field("listen", ADDRESS, "Address and port for callers; port 0 takes a free one."),
        Field(
            "admin",
            ADMIN_ADDRESS,
            "Address and port for pages, metrics and the admin API; empty turns them off.",
        ),
        Field(
            "admin_token_env",
            VARIABLE,
            "The environment variable that holds the admin token.",
            otherwise="one is made and kept in a file beside the ledger",
            example='"HEADGATE_ADMIN_TOKEN"',
        ),
        Field(
            "max_body_bytes",
            Whole(1024, 1024**3),
            "Longest request body that is accepted.",
            "bytes",
        ),
        Field(
            "drain_notice",
            Duration(0, 300),
            "Time that requests are still taken after SIGTERM, while `/readyz` says 503.",
        ),
        Field(
            "drain_seconds",
            Duration(0, 3600),
            "Time that running requests get to finish when the gateway stops.",
        ),
        Field(
            "max_requests",
            Whole(1, 1_000_000),
            "Requests under way at once in a worker; more are refused with 503.",
        ),
        Field(
            "workers",
            Whole(1, 256),
            "Processes that serve the port together; about one for each core.",
        ),
        Field(
            "api_key_env",
            VARIABLE,
            "The environment variable that holds the key that callers must send.",
            otherwise="no key is asked",
            example='"GATEWAY_KEY"',
        ),
        Field(
            "reload",
            Flag(),
            "Changes of this file, of prices and of routers are taken over without a restart.",
        ),
        Field(
            "embedding_model",
            MODEL,
            "Answers `/v1/embeddings` when the caller names no model, `auto`, or it alone.",
            otherwise="callers name `provider/model`",
            example='"google/gemini-embedding-001"',
        ),
        Field(
            "moderation_model",
            MODEL,
            "Answers `/v1/moderations` when the caller names no model, `auto`, or it alone.",
            otherwise="`omni-moderation-latest`, where it is clear whose",
            example='"google/a-moderation-model"',
        ),
        Field(
            "image_model",
            MODEL,
            "Answers `/v1/images/…` when the caller names no model, `auto`, or it alone.",
            otherwise="callers name `provider/model`",
            example='"google/a-model-for-pictures"',
        ),
        Field(
            "cors_origins",
            ORIGINS,
            "Web pages that may call the gateway from a browser, by their origin; `*` is any.",
            otherwise="none may",
            example='["https://app.example"]',
        ),
    ),
)
