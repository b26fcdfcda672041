"""The way of a request whose caller and provider speak different dialects: over the neutral form."""

from __future__ import annotations

from collections.abc import Sequence

from headgate.wire.dialect import Dialect
from headgate.wire.inbound import Inbound
from headgate.wire.neutral import Done, Request, StreamEvent
from headgate.wire.passthrough import Answered, Flow
from headgate.wire.sse import Event

__all__ = ["TranslatedFlow", "Translation"]


class Translation:
    """Requests, answers, streams and errors between two dialects.

    Raises:
        RequestError: the caller asks for something that the provider's dialect cannot say.
    """

    def __init__(self, inbound: Inbound, caller: Dialect, provider: Dialect, at: int) -> None:
        self._inbound = inbound
        self._caller = caller
        self._provider = provider
        self._at = at
        self._request = caller.request(inbound, provider.name)
        provider.check(self._request)

    def request(self, model: str) -> bytes:
        """The caller's request for `model` in the provider's dialect."""
        return self._provider.write_request(self._request, model)

    def answer(self, body: bytes) -> Answered:
        """The provider's answer in the caller's dialect.

        Raises:
            UnusableAnswerError: it is none.
        """
        found = self._provider.read_answer(body, quiet=self._inbound.quiet)
        written = self._caller.write_answer(found, self._at)
        return Answered(written, found.usage, found.model or None, found.stop)

    def flow(self) -> Flow:
        """The provider's stream in the caller's dialect."""
        return TranslatedFlow(self._provider, self._caller, self._request, self._at)

    def error(self, status: int, body: bytes) -> bytes:
        """The provider's error in the caller's dialect."""
        return self._caller.write_problem(self._provider.read_problem(status, body))


class TranslatedFlow(Flow):
    """Every event is read, and written anew."""

    def __init__(self, provider: Dialect, caller: Dialect, request: Request, at: int) -> None:
        super().__init__(provider, caller)
        self._writer = caller.writer(request, at)

    def _forward(self, event: Event, said: Sequence[StreamEvent]) -> bytes:
        return b"".join(
            [
                self._writer.done(self.usage) if isinstance(one, Done) else self._writer.write(one)
                for one in said
            ]
        )
