"""The least that an HTTP/2 client on `h2` does: one connection; no pool, limits or time-outs."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from typing import cast
from urllib.parse import urlsplit

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, StreamEnded
from h2.settings import SettingCodes

__all__ = ["Connection", "connected"]

WINDOW = 1 << 20


class Connection(asyncio.Protocol):
    """One connection; `head` are the headers of every call."""

    def __init__(self, head: Sequence[tuple[str, str]]) -> None:
        self._head = head
        self._state = H2Connection(H2Configuration(header_encoding=None))
        self._waiting: dict[int, tuple[asyncio.Future[int], list[int]]] = {}
        self._unsent: list[tuple[int, bytes]] = []

    async def call(self, body: bytes) -> int:
        """One call; returns the length of the answer's body."""
        stream = self._state.get_next_available_stream_id()
        ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[stream] = ended, []
        self._state.send_headers(stream, [*self._head, ("content-length", str(len(body)))])
        self._unsent.append((stream, body))
        self._flush()
        return await ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._state.initiate_connection()
        self._state.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: WINDOW})
        self._state.increment_flow_control_window(16 * WINDOW)
        self._flush()

    def data_received(self, data: bytes) -> None:
        for event in self._state.receive_data(data):
            if isinstance(event, DataReceived):
                self._waiting[event.stream_id][1].append(len(event.data))
                size = event.flow_controlled_length
                self._state.acknowledge_received_data(size, event.stream_id)
            elif isinstance(event, StreamEnded):
                ended, sizes = self._waiting.pop(event.stream_id)
                ended.set_result(sum(sizes))
        self._flush()

    def _flush(self) -> None:
        """Send what the windows allow; the rest waits for the next frames that come."""
        self._unsent = [left for one in self._unsent if (left := self._sent(*one)) is not None]
        if told := self._state.data_to_send():
            self._transport.write(told)

    def _sent(self, stream: int, rest: bytes) -> tuple[int, bytes] | None:
        while rest and (window := self._state.local_flow_control_window(stream)):
            size = min(len(rest), window, self._state.max_outbound_frame_size)
            self._state.send_data(stream, rest[:size], end_stream=size == len(rest))
            rest = rest[size:]
        return (stream, rest) if rest else None


async def connected(url: str, ca: str, headers: Sequence[tuple[str, str]]) -> Connection:
    """A connection to an https URL that speaks HTTP/2."""
    parts = urlsplit(url)
    head = [
        (":method", "POST"),
        (":authority", parts.netloc),
        (":scheme", "https"),
        (":path", parts.path),
        *headers,
    ]
    context = ssl.create_default_context(cafile=ca)
    context.set_alpn_protocols(["h2"])
    transport, connection = await asyncio.get_running_loop().create_connection(
        lambda: Connection(head),
        parts.hostname or "",
        parts.port or 443,
        ssl=context,
        server_hostname=parts.hostname,
    )
    assert transport.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
    return connection
