"""What an agent says: messages pass, and a line that is none is answered without being repeated."""

from __future__ import annotations

import asyncio

import mcp_types as types
import pytest
from anyio import EndOfStream
from mcp.shared.message import SessionMessage

from headgate.cli.mcp_heard import Heard

PING = '{"jsonrpc": "2.0", "id": 1, "method": "ping"}'


class Lines:
    """Reads these lines as the SDK's transport does; keeps what is written."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)
        self.written: list[SessionMessage] = []
        self.closed = False

    async def receive(self) -> SessionMessage | Exception:
        if not self.lines:
            raise EndOfStream
        try:
            message = types.jsonrpc_message_adapter.validate_json(self.lines.pop(0), by_name=False)
        except ValueError as error:
            return error
        return SessionMessage(message)

    async def aclose(self) -> None:
        self.closed = True

    async def send(self, item: SessionMessage, /) -> None:
        self.written.append(item)


def heard(*lines: str) -> tuple[list[SessionMessage | Exception], list[types.JSONRPCError]]:
    ends = Lines(*lines)

    async def all_of_them() -> list[SessionMessage | Exception]:
        async with Heard(ends, ends) as stream:
            return [item async for item in stream]

    found = asyncio.run(all_of_them())
    assert ends.closed
    answers = [item.message for item in ends.written]
    assert all(isinstance(answer, types.JSONRPCError) for answer in answers)
    return found, answers  # type: ignore[return-value] # as was just seen


def test_messages_pass_as_they_are():
    found, answers = heard(PING, PING)
    assert [item.message.method for item in found] == ["ping", "ping"]  # type: ignore[union-attr]
    assert answers == []


@pytest.mark.parametrize("line", ["", "{", "c4n4ry", '{"jsonrpc": "2.0", "id": 1, "method": "pi'])
def test_a_line_that_is_not_json_is_a_parse_error(line: str):
    found, (answer,) = heard(line, PING)
    assert len(found) == 1, "what comes after it is heard"
    assert (answer.id, answer.error.code) == (None, types.PARSE_ERROR)


@pytest.mark.parametrize("line", ["[]", "5", '{"id": 1}', f"[{PING}]", '{"jsonrpc": "1.0"}'])
def test_json_that_is_no_message_is_an_invalid_request(line: str):
    found, (answer,) = heard(line, PING)
    assert len(found) == 1
    assert (answer.id, answer.error.code) == (None, types.INVALID_REQUEST)


def test_what_was_said_is_not_repeated():
    _, answers = heard("c4n4ry", '{"prompt": "c4n4ry"}')
    assert len(answers) == 2
    assert "c4n4ry" not in str(answers)


def test_the_end_is_passed_on():
    ends = Lines()
    with pytest.raises(EndOfStream):
        asyncio.run(Heard(ends, ends).receive())
    assert Heard(ends, ends).last_context is None
