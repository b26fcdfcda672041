"""What a dialect is: the one interface that each dialect's module offers to the rest of wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from headgate.errors import UpstreamError
from headgate.values import Usage
from headgate.wire.inbound import Inbound
from headgate.wire.meter import Meter
from headgate.wire.neutral import Answer, Problem, Request, StreamEvent
from headgate.wire.sse import Event

__all__ = ["Dialect", "StreamReader", "StreamWriter", "UnusableAnswerError"]


class UnusableAnswerError(UpstreamError):
    """A provider said 200 and sent something that is no answer; it is billed all the same."""

    def __init__(self, message: str, *, usage: Usage | None = None) -> None:
        super().__init__(message, kind="unusable")
        self.usage = usage


class StreamReader(Protocol):
    """Reads one stream of a provider, event by event; `meter` collects its usage."""

    meter: Meter

    def read(self, event: Event) -> Sequence[StreamEvent]:
        """What the event says.

        Raises:
            UnusableAnswerError: its data is not what this dialect sends.
        """


class StreamWriter(Protocol):
    """Writes one stream to the caller, event by event."""

    def write(self, event: StreamEvent) -> bytes:
        """The bytes for an event, empty where the dialect has nothing to say."""

    def done(self, usage: Usage | None) -> bytes:
        """The last bytes of a stream that has completed."""


class Dialect(Protocol):
    """One provider API: its names, and its reading and writing in both roles."""

    name: str
    path: str
    """Where the call goes, appended to the provider's base URL."""

    def headers(self, api_key: str | None) -> list[tuple[str, str]]:
        """The headers of a call: content type, key, version."""

    # ---- as the caller's dialect

    def read(self, body: bytes, headers: Mapping[str, str]) -> Inbound:
        """Check a request as far as it is used, and tell what a policy may know.

        Raises:
            RequestError: it is not a request of this dialect.
        """

    def request(self, inbound: Inbound, target: str) -> Request:
        """The whole request, read for an upstream of another dialect, named `target`.

        Raises:
            RequestError: it asks for something that no other dialect can say.
        """

    def write_answer(self, answer: Answer, at: int) -> bytes:
        """An answer's body; `at` is the unix time in seconds."""

    def writer(self, request: Request, at: int) -> StreamWriter:
        """A writer of the stream that answers `request`."""

    def write_problem(self, problem: Problem) -> bytes:
        """An error's body."""

    def write_problem_event(self, problem: Problem) -> bytes:
        """An error as an event of a stream."""

    # ---- as the provider's dialect

    def check(self, request: Request) -> None:
        """Refuse what this dialect cannot say.

        Raises:
            RequestError: the translation would lose something essential.
        """

    def write_request(self, request: Request, model: str) -> bytes:
        """The body of the call."""

    def own_fields(self, inbound: Inbound) -> dict[str, bytes]:
        """Fields to set in a request that came in this same dialect, as JSON."""

    def read_answer(self, body: bytes, *, quiet: bool) -> Answer:
        """An answer; an empty one is unusable unless `quiet`.

        Raises:
            UnusableAnswerError: it is none.
        """

    def reader(self) -> StreamReader:
        """A reader of one stream."""

    def is_problem(self, body: bytes) -> bool:
        """Whether an error's body has this dialect's shape."""

    def read_problem(self, status: int, body: bytes) -> Problem:
        """The provider's own error, whatever its shape."""
