"""What a dialect is: the one record of functions that each dialect's package fills in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from headgate.errors import RequestError, UpstreamError
from headgate.values import Usage
from headgate.wire.easing import Easing
from headgate.wire.inbound import Inbound
from headgate.wire.meter import Meter
from headgate.wire.neutral import Answer, Problem, Request, Stop, StreamEvent
from headgate.wire.sse import Event

__all__ = [
    "Answered",
    "Dialect",
    "StreamReader",
    "StreamWriter",
    "UnusableAnswerError",
    "unforgettable",
    "unmendable",
    "untranslatable",
]


class UnusableAnswerError(UpstreamError):
    """A provider said 200 and sent something that is no answer; `usage` is billed all the same."""

    def __init__(self, message: str, *, usage: Usage | None = None) -> None:
        super().__init__(message, kind="unusable")
        self.usage = usage


class Answered(msgspec.Struct, frozen=True, gc=False):
    """A whole answer for the caller, and what the books need of it."""

    body: bytes
    usage: Usage | None
    model: str | None
    finish: Stop
    id: str | None = None


class StreamReader(Protocol):
    """Reads one stream of a provider, event by event; `meter` collects its usage."""

    meter: Meter

    def read(self, event: Event) -> Sequence[StreamEvent]:
        """What the event says.

        Raises:
            UnusableAnswerError: its data is not what this dialect sends.
        """

    def twin(self) -> StreamReader:
        """Another reader of the events that may follow; what it reads, this one knows nothing of.

        The arguments of its calls are whole, so it says of an event that might begin a call that it
        does.
        """

    def keeper(self, said: StreamEvent) -> Callable[[str], object] | None:
        """Where `read` has kept the text of this event: takes another one's; None: nowhere."""


class StreamWriter(Protocol):
    """Writes one stream to the caller, event by event."""

    def write(self, event: StreamEvent) -> bytes:
        """The bytes for an event; none where the dialect has nothing to say."""

    def done(self, usage: Usage | None) -> bytes:
        """The last bytes of a stream that has completed."""


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One provider API, read and written in both roles: the caller's and the provider's.

    The functions raise RequestError for a caller's fault and UnusableAnswerError for a provider's.
    """

    name: str
    path: str
    """Where the call goes, appended to the provider's base URL."""
    words: Mapping[str, str]
    """What this dialect calls the fields of `neutral.Request` that a provider may refuse, or that
    may be left out for one."""
    headers: Callable[[str | None], list[tuple[str, str]]]
    """Headers of a call with this key: content type, authorization, version."""
    kept_headers: Sequence[str] = ()
    """The caller's headers that go on to a provider of the same dialect; never a key."""
    request_id: str = "x-request-id"
    """The response header in which this dialect's SDKs look for the request's id."""
    count_path: str | None = None
    """Where tokens are counted before a call, appended like `path`; None where nowhere."""

    # ---- as the caller's dialect

    read: Callable[[bytes, Mapping[str, str]], Inbound]
    """Check a body as far as it is used and tell what a policy may know of it."""
    read_count: Callable[[bytes, Mapping[str, str]], Inbound] | None = None
    """Check a body that asks for a count of its tokens, where the dialect has such a call."""
    read_request: Callable[[Inbound, str], Request]
    """Read all of it, for a provider whose dialect has the name given."""
    read_fields: frozenset[str]
    """The fields of a body that `read_request` looks at: no other is translated."""
    write_answer: Callable[[Answer, Request, int], bytes]
    """The body of the answer to a request; the integer is the unix time in seconds."""
    writer: Callable[[Request, int], StreamWriter]
    """A writer of the stream that answers the request."""
    write_problem: Callable[[Problem], bytes]
    """An error's body."""
    write_problem_event: Callable[[Problem], bytes]
    """An error as the last event of a stream."""

    # ---- as the provider's dialect

    own_fields: Callable[[Inbound], dict[str, bytes]]
    """Fields (as JSON) that we set in a request which came in this same dialect."""
    mend: Callable[[Inbound, int, bytes], dict[str, bytes]]
    """Fields to set so that a provider takes what it has refused with this status and body: the
    history without the reasoning that another model has signed. Empty where nothing helps."""
    forget: Callable[[Inbound, int], dict[str, bytes]]
    """Fields to set so that so many messages at the beginning hold no reasoning; empty where they
    hold none."""
    easings: Callable[[Problem], Sequence[Easing]]
    """What may make a request acceptable to a model that has refused it so; see `easing`."""
    check: Callable[[Request, Mapping[str, str]], None]
    """Refuse a request that this dialect cannot say, in the caller's words."""
    write_request: Callable[[Request, str], bytes]
    """The body of a call to the model named."""
    left_out: Callable[[Request, str], Sequence[str]]
    """The fields of a request that the body of a call to this model does not hold, though they only
    tune an answer: some of temperature, top_p, effort and user."""
    read_answer: Callable[[bytes, bool], Answer]
    """An answer. One without content is unusable, unless the flag allows it."""
    weigh_answer: Callable[[bytes, bool], Answered]
    """As `read_answer`, of an answer that goes on as it is: its content is not made into parts."""
    reader: Callable[[], StreamReader]
    """A reader of one stream."""
    is_problem: Callable[[bytes], bool]
    """Whether a body has the shape of this dialect's errors."""


def unforgettable(_: Inbound, __: int) -> dict[str, bytes]:
    """Dialect.forget where a history holds no reasoning that is signed or sealed."""
    return {}


def unmendable(_: Inbound, __: int, ___: bytes) -> dict[str, bytes]:
    """Dialect.mend where no refusal can be mended."""
    return {}


def untranslatable(param: str, what: str, target: str, own: str, fix: str = "") -> RequestError:
    """The refusal of what the caller's dialect (`own`) can say and the target's cannot."""
    return RequestError(
        f"{what} cannot be translated for the provider that would answer, "
        f"which speaks the dialect '{target}'.",
        fix=fix or f"Leave out '{param}', or name a model whose provider speaks '{own}'.",
        code="unsupported_parameter",
        param=param,
    )
