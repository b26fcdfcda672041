"""The paths that callers send requests to: which one is meant, and what they hear of all others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from headgate.errors import RequestError
from headgate.wire.passed import EMBEDDINGS as OF_VECTORS
from headgate.wire.passed import JSON_KINDS

__all__ = ["DIALECTS", "EMBEDDINGS", "MODEL", "PASSED", "meant", "not_allowed", "nothing_at"]

EMBEDDINGS = "/v1/embeddings"
PASSED = {f"/v1{path}": kind for path, kind in JSON_KINDS.items() if kind is not OF_VECTORS}
"""What is passed through to the provider named: path -> what it is."""
DIALECTS = {
    **dict.fromkeys(PASSED, "openai"),
    "/v1/chat/completions": "openai",
    EMBEDDINGS: "openai",
    "/v1/messages": "anthropic",
    "/v1/messages/count_tokens": "anthropic",
    "/v1/responses": "openai-responses",
}
"""Path -> dialect of its requests, and of the errors that are answered there."""

MODEL = "/v1/models/"
"""What each model's own path begins with."""

_VERSION = "/v1"
_VERSIONS = re.compile(r"^(?:/v1)+(?=/v1/)")
_VENDOR = re.compile(r"^/(?:openai(?:/deployments/[^/]+)?|anthropic)(?=/)")


def _kept(what: str) -> tuple[str, str]:
    whose = "are kept by one provider, where no other could go on with them"
    return f"{what} {whose}; this gateway stores none.", "Send them to the provider itself."


_ELSEWHERE = {
    "/v1/audio": (
        "Of audio, only speech is served here.",
        "Send anything else to the provider itself.",
    ),
    "/v1/images": (
        "Of images, only generations are served here.",
        "Send anything else to the provider itself.",
    ),
    "/v1/videos": ("Videos are not made here.", "Send it to the provider itself."),
    "/v1/rerank": ("Reranking is not served here.", "Send it to the provider itself."),
    "/v1/completions": (
        "Legacy completions are not served here.",
        "Ask for the same by /v1/chat/completions.",
    ),
    "/v1/realtime": (
        "The Realtime API is a connection to one model, and nothing could be routed there.",
        "Open it to the provider itself.",
    ),
    "/v1/responses": (
        "Answers are not stored here, so none can be fetched, cancelled or compacted by its id.",
        "Keep the answer that was given, or ask the provider that gave it.",
    ),
    "/v1/messages/batches": _kept("Batches"),
    "/v1/batches": _kept("Batches"),
    "/v1/files": _kept("Files"),
    "/v1/uploads": _kept("Files"),
    "/v1/conversations": _kept("Conversations"),
    "/v1/assistants": _kept("Assistants"),
    "/v1/threads": _kept("Threads"),
    "/v1/vector_stores": _kept("Vector stores"),
    "/v1/fine_tuning": _kept("Models of your own"),
}
"""What the providers' APIs have and this gateway has not: first part of its path -> what is said,
and what to do."""


def meant(path: str) -> str:
    """The path that is meant: SDKs put `/v1` before it, expect it in the base URL, or do both.

    OpenAI's SDKs want a base URL that ends with `/v1`, Anthropic's one that does not. Azure's put
    the vendor before the path, and a deployment, whose name is the model in the body, too.
    """
    path = _VENDOR.sub("", path, count=1)
    path = _VERSIONS.sub("", path, count=1)
    if path.startswith("/v1/"):
        return path
    whole = _VERSION + path
    return whole if whole in DIALECTS or whole == "/v1/models" or whole.startswith(MODEL) else path


def nothing_at(path: str, served: Iterable[str]) -> RequestError:
    """The refusal of a path, which is not repeated: it may hold a secret."""
    words, fix = "There is nothing at this path.", f"The gateway serves {', '.join(served)}."
    whole = path if path.startswith("/v1/") else _VERSION + path
    for place, told in _ELSEWHERE.items():
        if whole == place or whole.startswith(f"{place}/"):
            words, fix = told
            break
    # not 501: the official SDKs would try again
    return RequestError(words, status=404, code="not_found", fix=fix)


def not_allowed(method: str, methods: Sequence[str]) -> RequestError:
    """The refusal of a method, at a path with these."""
    return RequestError(
        f"`{method[:20]}` is not allowed here.",
        status=405,
        code="method_not_allowed",
        fix=f"Use {' or '.join(methods)}.",
        headers=(("allow", ", ".join(methods)),),
    )
