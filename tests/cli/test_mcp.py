"""`headgate mcp` as an agent's program runs it: a process, spoken to on stdin and stdout."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from click.testing import CliRunner
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from headgate.cli.main import cli
from headgate.cli.mcp_tools import TOOLS
from headgate.errors import ConfigError
from tests.cli.ledgers import URL, fill
from tests.ledger.samples import entry
from tests.settings.files import GOOD

VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "headgate.toml").write_text(GOOD)
    fill(tmp_path, [entry(request_id="r1")])
    return tmp_path


class Server:
    """The process, a line in and a line out."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ask(self, line: str) -> dict[str, Any]:
        self.say(line)
        assert self.process.stdout is not None
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def request(self, number: int, method: str, **params: Any) -> dict[str, Any]:
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        return self.ask(json.dumps(message))

    def begin(self, version: str = VERSIONS[-1]) -> dict[str, Any]:
        client = {"name": "test", "version": "1"}
        found = self.request(
            0, "initialize", protocolVersion=version, capabilities={}, clientInfo=client
        )
        self.say('{"jsonrpc": "2.0", "method": "notifications/initialized"}')
        return found

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


@contextmanager
def serving(*flags: str) -> Iterator[Server]:
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-m", "headgate", "mcp", *flags],
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        text=True,
    ) as process:
        try:
            yield Server(process)
        finally:
            process.kill()


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_sdks_client_asks_each_tool_of_the_command(here: Path, mode: Literal["auto", "legacy"]):
    asked: dict[str, dict[str, Any]] = {
        "plan": {"escalation": 0.2},
        "tripwire": {"over": ["escalation"], "column": "naive"},
        "archetypes": {"name": "rag"},
        "search_prices": {"text": "haiku"},
        "model_price": {"model": "anthropic/claude-haiku-4-5"},
        "compare_prices": {"models": ["anthropic/claude-haiku-4-5"]},
        "check": {},
        "route": {"prompt": "What is 2 + 2?"},
        "status": {},
        "report": {},
        "decision": {"request_id": "r1"},
    }
    command = ["-m", "headgate", "mcp", "--config", str(here / "headgate.toml"), "--ledger", URL]
    how = StdioServerParameters(
        command=sys.executable, args=command, cwd=here, env=dict(os.environ)
    )

    async def session() -> dict[str, Any]:
        async with Client(how, mode=mode) as client:
            assert client.server_info is not None
            assert client.server_info.name == "headgate"
            assert client.instructions
            names = [tool.name for tool in (await client.list_tools()).tools]
            assert names == list(TOOLS) == list(asked)
            return {name: await client.call_tool(name, asked[name]) for name in names}

    answers = asyncio.run(session())
    for name, answer in answers.items():
        assert not answer.is_error, (name, answer.content)
        assert answer.content[0].text.strip(), name
    naive = answers["plan"].structured_content["columns"]["naive"]
    assert naive["routed"]["total_usd"] == "130.2"
    assert [bill["total_usd"] for bill in naive["singles"]] == ["90", "270"]
    (wire,) = answers["tripwire"].structured_content["tripwires"]
    assert round(wire["break_evens"][0]["at"], 3) == 0.977


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_of_the_handshake_is_spoken(version: str):
    with serving() as server:
        begun = server.begin(version)["result"]
        assert begun["protocolVersion"] == version
        assert "tools" in begun["capabilities"]
        assert server.request(1, "ping")["result"] == {}


def test_a_line_that_is_no_message_is_answered_and_the_session_goes_on():
    with serving() as server:
        server.begin()
        answer = server.ask("c4n4ry {")
        assert (answer["id"], answer["error"]["code"]) == (None, -32700)
        assert server.request(2, "no/such")["error"]["code"] == -32601
        assert server.request(3, "tools/call", name="no_such", arguments={})["error"]["code"] == (
            -32602
        )
        said = server.request(4, "tools/call", name="plan", arguments={"escalation": 7})["result"]
        assert said["isError"] is True
        assert server.request(5, "ping")["result"] == {}
        code, out, err = server.end()
    assert (code, out) == (0, "")
    assert "c4n4ry" not in err


def test_it_ends_when_stdin_is_closed():
    with serving() as server:
        assert server.end() == (0, "", "")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_when_it_is_told_to_though_it_waits_for_a_line(how: signal.Signals):
    with serving() as server:
        server.begin()
        server.process.send_signal(how)
        assert server.process.wait(60) == -how


def test_a_faulty_file_keeps_nobody_from_asking_what_is_wrong(here: Path):
    file = here / "headgate.toml"
    file.write_text("[traffic]\nrequests_per_dy = 5\n")
    with serving("--config", str(file)) as server:
        server.begin()
        said = server.request(1, "tools/call", name="plan", arguments={})["result"]
        assert said["isError"] is True
        assert f"{file}:2: traffic.requests_per_dy" in said["content"][0]["text"]
        found = server.request(2, "tools/call", name="check", arguments={})["result"]
        assert found["structuredContent"]["errors"][1]["line"] == 2


def test_a_file_that_is_not_there_is_told_before_anything_is_served():
    with serving("--config", "nowhere.toml") as server:
        code, out, err = server.end()
    assert (code, out) == (2, "")
    assert "There is no file nowhere.toml." in err


def test_without_the_extra_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "mcp"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "headgate.cli.mcp_server", raising=False)
    monkeypatch.setitem(sys.modules, "mcp", None)
    found = CliRunner().invoke(cli, ["mcp"], standalone_mode=False)
    assert isinstance(found.exception, ConfigError)
    assert "SDK of the Model Context Protocol, which is not installed" in str(found.exception)
    assert "pip install 'headgate[mcp]'" in str(found.exception)


def test_no_other_command_loads_the_sdk():
    script = (
        "import sys; from headgate.cli.main import COMMANDS, cli; import click;"
        "[cli.get_command(click.Context(cli), name) for name in COMMANDS];"
        "print([name for name in ('mcp', 'pydantic', 'jsonschema') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    assert done.stdout.decode().strip() == "[]"
