"""A caller whose question and answer are taken down, where the settings say that both are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from headgate.gateway.caller import Body, Caller, Headers
from headgate.ledger.prompt import Form, Prompt, beginning, both_ends
from headgate.wire.hearing import Hearing
from headgate.wire.keyless import keyless

__all__ = ["STORE_HEADER", "Transcript", "Transcripts"]

STORE_HEADER = "x-headgate-store"
"""With any value but `yes`, a caller's request is not kept."""
KEY_HEADERS = ("authorization", "x-api-key", "api-key")


class Transcripts:
    """Takes down what callers ask and are answered.

    Args:
        keep: keeps it; called from the event loop, returns at once, never raises.
        most: longest text that is kept, bytes.
        secrets: keys of this gateway's, which a provider may quote when it refuses.
    """

    def __init__(
        self, keep: Callable[[Prompt], None], *, most: int, secrets: Iterable[str] = ()
    ) -> None:
        self.keep = keep
        self.most = most
        self.secrets = tuple(secret.encode() for secret in secrets if secret)

    def begin(
        self, caller: Caller, dialect: str, body: bytes, request_id: str, at: float
    ) -> Transcript | None:
        """The caller with somebody who writes; None where it asks that nothing be kept.

        Args:
            caller: who asks.
            dialect: in which.
            body: the request.
            request_id: its id.
            at: when it came in, seconds since 1970.
        """
        if caller.headers.get(STORE_HEADER, "yes").strip().lower() != "yes":
            return None
        return Transcript(caller, dialect, body, request_id, int(at * 1e6), self)


class Transcript:
    """A caller whose question and answer are taken down.

    They are handed on once: before an answer's last bytes go to the caller, or when `over` says
    that no more will come.
    """

    def __init__(
        self,
        caller: Caller,
        dialect: str,
        asked: bytes,
        request_id: str,
        at_us: int,
        writer: Transcripts,
    ) -> None:
        self._caller = caller
        self.method, self.path, self.query = caller.method, caller.path, caller.query
        self.headers = caller.headers
        self.body, self.on_leave = caller.body, caller.on_leave
        self._dialect = dialect
        self._asked = asked
        self._request_id, self._at_us = request_id, at_us
        self._writer = writer
        self._answer = b""
        self._hearing: Hearing | None = None
        self._streams = self._kept = False

    def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """Take the answer down, and give it to the caller."""
        self._answer = body
        if status == 200:
            self.over()
        else:
            for secret in (*self._writer.secrets, *_keys(self.headers)):
                self._answer = self._answer.replace(secret, b"[a key]")
        self._caller.respond(status, headers, body)

    def stream(self, status: int, headers: Headers) -> Body:
        """Begin the caller's stream; what it says is what the last `hearing` heard."""
        self._streams = True
        hearing = self._hearing or self.hearing()
        return _Written(self._caller.stream(status, headers), hearing, self)

    def hearing(self) -> Hearing:
        """Hears a stream that may become the answer; a later one takes its place."""
        self._hearing = Hearing(self._writer.most)
        return self._hearing

    def over(self) -> None:
        """Hand on what there is, unless that was done before."""
        if self._kept:
            return
        self._kept = True
        asked, most = keyless(self._asked), self._writer.most
        answer, answer_bytes, form = self._told(most)
        self._writer.keep(
            Prompt(
                request_id=self._request_id,
                at_us=self._at_us,
                dialect=self._dialect,
                request=both_ends(asked, most),
                request_bytes=len(asked or self._asked),
                answer=answer,
                answer_bytes=answer_bytes,
                form=form,
            )
        )

    def _told(self, most: int) -> tuple[str, int, Form]:
        heard = self._hearing
        if heard is None or not self._streams:
            return beginning(self._answer, most), len(self._answer), "body"
        told = msgspec.json.encode(heard.parts())
        return told.decode(), len(told) + heard.left_out, "parts"


def _keys(headers: Mapping[str, str]) -> Iterator[bytes]:
    """What the caller has shown as its own key."""
    for name in KEY_HEADERS:
        key = headers.get(name, "").rpartition(" ")[2]
        if key:
            yield key.encode()


class _Written:
    """The way of a stream that is taken down."""

    def __init__(self, out: Body, hearing: Hearing, transcript: Transcript) -> None:
        self._out = out
        self._hearing = hearing
        self._transcript = transcript

    def write(self, data: bytes) -> bool:
        """Pass on; before the last bytes, hand on what was said."""
        if self._hearing.done:
            self._transcript.over()
        return self._out.write(data)

    async def send(self, data: bytes) -> None:
        """As `write`, and wait where that is needed."""
        if self._hearing.done:
            self._transcript.over()
        await self._out.send(data)
