"""The paths that callers send requests to: which one is meant, and what they hear of all others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from headgate.errors import RequestError
from headgate.wire.passed import EMBEDDINGS as OF_VECTORS
from headgate.wire.passed import FORM_KINDS, JSON_KINDS

__all__ = [
    "DIALECTS",
    "EMBEDDINGS",
    "MODEL",
    "PASSED",
    "RESPONSE",
    "meant",
    "not_allowed",
    "nothing_at",
    "of_response",
]

EMBEDDINGS = "/v1/embeddings"
PASSED = {
    f"/v1{path}": kind
    for path, kind in (*JSON_KINDS.items(), *FORM_KINDS.items())
    if kind is not OF_VECTORS
}
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
RESPONSE = "/v1/responses/"
"""What each stored response's own path begins with."""
_OF_RESPONSE = {"": ("GET", "DELETE"), "input_items": ("GET",), "cancel": ("POST",)}
"""What may be asked of a stored response, and by which methods."""
_NO_RESPONSES = frozenset({"compact", "input_tokens"})
"""What stands where an id would, and is none."""

_VERSION = "/v1"
_VERSIONS = re.compile(r"^(?:/v1)+(?=/v1/)")
_VENDOR = re.compile(r"^/(?:openai(?:/deployments/[^/]+)?|anthropic)(?=/)")


def _kept(what: str) -> tuple[str, str]:
    whose = "are kept by one provider, where no other could go on with them"
    return f"{what} {whose}; this gateway stores none.", "Send them to the provider itself."


_ELSEWHERE = {
    "/v1/audio": (
        "Of audio, speech, transcriptions and translations are served here.",
        "Send anything else to the provider itself.",
    ),
    "/v1/images": (
        "Of images, generations and edits are served here.",
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
        "Of a stored response, itself, its `input_items` and `cancel` are served here.",
        "Send anything else to the provider that gave it.",
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
    if whole in DIALECTS or whole == "/v1/models" or whole.startswith((MODEL, RESPONSE)):
        return whole
    return path


def of_response(path: str) -> tuple[str, str, tuple[str, ...]] | None:
    """A stored response's id, what of it is asked for, and by which methods that may be asked.

    None where the path is of none.
    """
    answer_id, _, part = path.removeprefix(RESPONSE).partition("/")
    methods = _OF_RESPONSE.get(part)
    if not path.startswith(RESPONSE) or methods is None or answer_id in _NO_RESPONSES:
        return None
    return answer_id, part, methods


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
