"""Simulated clouds that serve Claude: a simulated provider behind a platform's address and manners.

Written from the platforms' public references, and on purpose without the gateway's own code for
them: a mistake there must not be repeated here and so go unseen.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import AsyncGenerator, Mapping
from urllib.parse import unquote
from zlib import crc32

from headgate.testing.dialect import Json, Refused
from headgate.testing.provider import Provider
from headgate.testing.server import Request, Response

__all__ = ["Bedrock", "Vertex", "frame"]

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


ERRORS = {
    400: "ValidationException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
    529: "ServiceUnavailableException",
}
"""AWS's names; an overloaded model is a service that is not available, with 503."""


class Bedrock:
    """`/model/MODEL/invoke`, `/invoke-with-response-stream` and `/count-tokens`.

    The names of its models are those of the provider behind it, as `anthropic.NAME-v1:0`, before
    which may stand a geography: that of an inference profile, which counts no tokens.
    """

    path = re.compile(
        r"/model/(?P<model>[^/]+)/(?P<verb>invoke|invoke-with-response-stream|count-tokens)"
    )
    name = re.compile(r"(?P<profile>(?:us|eu|global)\.)?anthropic\.(?P<name>.+?)(?:-v1:0)?")

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._calls = 0

    async def __call__(self, request: Request) -> Response:
        """Answer one HTTP request."""
        if request.path.startswith("/_"):
            return await self._provider(request)
        self._calls += 1
        headers = {"x-amzn-requestid": f"00000000-0000-4000-8000-{self._calls:012d}"}
        try:
            inner = self._read(request)
        except Refused as refused:
            return _failed(refused.status, refused.message, headers)
        told = await self._provider(inner)
        if isinstance(told.body, bytes):
            if told.status == 200:
                found = json.loads(told.body)
                if inner.path.endswith("/count_tokens"):
                    found = {"inputTokens": found["input_tokens"]}
                return _json(200, found, headers)
            message = json.loads(told.body)["error"]["message"]
            return _failed(503 if told.status == 529 else told.status, message, headers)
        if told.headers["content-type"].startswith("application/json"):
            return told
        headers |= {
            "content-type": "application/vnd.amazon.eventstream",
            "x-amzn-bedrock-content-type": "application/json",
        }
        return Response(200, headers, _framed(told.body))

    def _read(self, request: Request) -> Request:
        found = self.path.fullmatch(request.path)
        model = self.name.fullmatch(unquote(found["model"])) if found else None
        if found is None or model is None:
            raise Refused(400, "", "The provided model identifier is invalid.")
        body = _object(request.body)
        path = "/v1/messages"
        counting = found["verb"] == "count-tokens"
        if counting:
            if model["profile"]:
                raise Refused(400, "", "The provided model doesn't support counting tokens.")
            path += "/count_tokens"
            body = _object(_inside(body))
        _nothing_extra(body, "model", "stream")
        _versioned(body, "bedrock-2023-05-31")
        if not isinstance(body.get("max_tokens"), int):
            raise Refused(400, "", "max_tokens: Field required")
        betas = body.pop("anthropic_beta", [])
        if not isinstance(betas, list):
            raise Refused(400, "", "anthropic_beta: Input should be a valid list")
        body["model"] = model["name"]
        if counting:
            del body["max_tokens"]
        elif found["verb"] != "invoke":
            body["stream"] = True
        return _inner(request, path, body, ",".join(betas) if betas else None, status=403)


def _inside(body: Json) -> bytes:
    """The call that is to be counted."""
    match body:
        case {"input": {"invokeModel": {"body": str(inner)}}}:
            return b64decode(inner, validate=True)
    raise Refused(400, "", "input: Field required")


def frame(payload: bytes, **headers: str) -> bytes:
    """One frame of an event stream; a header's name has a colon before it and hyphens in it."""
    block = b"".join(
        bytes([len(name) + 1]) + b":" + name.replace("_", "-").encode() + b"\x07"
        + len(value).to_bytes(2, "big") + value.encode()
        for name, value in headers.items()
    )  # fmt: skip
    total = 4 + 4 + 4 + len(block) + len(payload) + 4
    data = total.to_bytes(4, "big") + len(block).to_bytes(4, "big")
    data += crc32(data).to_bytes(4, "big") + block + payload
    return data + crc32(data).to_bytes(4, "big")


async def _framed(events: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Server-sent events, each as a frame with some padding, as Bedrock sends it."""
    try:
        async for event in events:
            _, _, data = event.strip().partition(b"data: ")
            payload = {"bytes": b64encode(data).decode(), "p": "abcdefgh"}
            yield frame(
                json.dumps(payload).encode(),
                event_type="chunk",
                content_type="application/json",
                message_type="event",
            )
    finally:
        await events.aclose()


def _failed(status: int, message: str, headers: Mapping[str, str]) -> Response:
    kind = ERRORS.get(status, "UnknownException")
    return _json(status, {"message": message}, {**headers, "x-amzn-errortype": f"{kind}:"})


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


def _inner(
    request: Request, path: str, body: Json, betas: str | None, *, status: int = 401
) -> Request:
    """The request as Anthropic's own API would have had it."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not key or "x-api-key" in request.headers:
        raise Refused(status, "", "The request has no valid authentication credential.")
    headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
    if betas is not None:
        headers["anthropic-beta"] = betas
    sent = json.dumps(body).encode()
    return request._replace(path=path, headers=headers, body=sent)


def _json(status: int, body: Json, headers: Mapping[str, str] | None = None) -> Response:
    said = {"content-type": "application/json", **(headers or {})}
    return Response(status, said, json.dumps(body).encode())
