"""Simulated clouds that serve Claude: a simulated provider behind a platform's address and manners.

Written from the platforms' public references, and on purpose without the gateway's own code for
them: a mistake there must not be repeated here and so go unseen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import unquote

from headgate.testing.dialect import Json, Refused
from headgate.testing.provider import Provider
from headgate.testing.server import Request, Response

__all__ = ["Vertex"]

NOT_TAKEN = ("cache_control", "service_tier", "container", "mcp_servers")
"""Fields of Anthropic's own API that the platforms' validation calls extra inputs."""


class Vertex:
    """`publishers/anthropic/models/MODEL:rawPredict` and `:streamRawPredict` of one project."""

    path = re.compile(
        r"/v1/projects/(?P<project>[^/]+)/locations/(?P<location>[^/]+)"
        r"/publishers/anthropic/models/(?P<model>[^/:]+):(?P<verb>rawPredict|streamRawPredict)"
    )

    def __init__(self, provider: Provider, *, project: str = "p", location: str = "global") -> None:
        self._provider = provider
        self._place = (project, location)

    async def __call__(self, request: Request) -> Response:
        """Answer one HTTP request."""
        if request.path.startswith("/_"):
            return await self._provider(request)
        try:
            inner = self._read(request)
        except Refused as refused:
            words = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 404: "NOT_FOUND"}
            told = {
                "code": refused.status,
                "message": refused.message,
                "status": words[refused.status],
            }
            return _json(refused.status, {"error": told})
        return await self._provider(inner)

    def _read(self, request: Request) -> Request:
        found = self.path.fullmatch(request.path)
        if found is None or (found["project"], found["location"]) != self._place:
            raise Refused(404, "", f"There is nothing at {request.path}.")
        body = _object(request.body)
        _versioned(body, "vertex-2023-10-16")
        path = "/v1/messages"
        if found["model"] == "count-tokens":
            path += "/count_tokens"
        else:
            _nothing_extra(body, "model")
            if body.get("stream", False) is not (found["verb"] == "streamRawPredict"):
                raise Refused(400, "", f"The stream does not go with {found['verb']}.")
            body["model"] = unquote(found["model"])
        return _inner(request, path, body, request.headers.get("anthropic-beta"))


def _object(body: bytes) -> Json:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refused(400, "", "The body is no JSON object.")
    return found


def _versioned(body: Json, version: str) -> None:
    """The documented version; Anthropic's own SDK 2.12 writes the version of its own API there."""
    found = body.pop("anthropic_version", None)
    if found != version and not re.fullmatch(r"\d{4}-\d\d-\d\d", str(found)):
        raise Refused(400, "", "anthropic_version: Field required")


def _nothing_extra(body: Json, *names: str) -> None:
    for name in (*names, *NOT_TAKEN):
        if name in body:
            raise Refused(400, "", f"{name}: Extra inputs are not permitted")


def _inner(request: Request, path: str, body: Json, betas: str | None) -> Request:
    """The request as Anthropic's own API would have had it."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not key or "x-api-key" in request.headers:
        raise Refused(401, "", "The request has no valid authentication credential.")
    headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
    if betas is not None:
        headers["anthropic-beta"] = betas
    sent = json.dumps(body).encode()
    return request._replace(path=path, headers=headers, body=sent)


def _json(status: int, body: Json, headers: Mapping[str, str] | None = None) -> Response:
    said = {"content-type": "application/json", **(headers or {})}
    return Response(status, said, json.dumps(body).encode())
