"""The way of a request whose caller and provider speak different dialects: by the neutral form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import msgspec

from headgate.wire.dialect import Answered, Dialect, UnusableAnswerError
from headgate.wire.easing import Easing
from headgate.wire.inbound import Inbound, is_given, too_deep
from headgate.wire.mould import Delta
from headgate.wire.neutral import Done, Failure, Problem, Request, StreamEvent
from headgate.wire.passthrough import Flow
from headgate.wire.problems import read_problem
from headgate.wire.sse import Event

__all__ = ["TranslatedFlow", "Translation"]

_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_OTHER_WORDS = {"effort": "thinking", "user": "safety_identifier"}
"""Fields that are read for those of `neutral.Request`, besides a dialect's `words`."""
MOST_NAMED = 20
"""Fields that are named as left out; the APIs have no more that could be."""


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
        self.path = provider.path
        """Appended to the provider's base URL."""
        self.heeded: Sequence[Easing] = ()
        """Nothing, as in `ease`."""
        try:
            self._request = caller.read_request(inbound, provider.name)
            provider.check(self._request, caller.words)
        except RecursionError:
            raise too_deep() from None

    def passed(self) -> list[tuple[str, str]]:
        """None: the caller's headers mean nothing in another dialect."""
        return []

    def forget(self, _: int) -> None:
        """Nothing: a translation never sends reasoning that a provider had to sign."""

    def mended(self, _: int, __: bytes) -> bool:
        """Never: what a translation sends holds nothing that a provider had to sign."""
        return False

    def request(self, model: str) -> bytes:
        """The caller's request for `model` in the provider's dialect.

        Raises:
            RequestError: it is nested too deeply to be written.
        """
        try:
            return self._provider.write_request(self._request, model)
        except RecursionError:
            raise too_deep() from None

    def ease(self, _: Sequence[Easing]) -> bool:
        """Nothing: what a model takes is known where its request is written."""
        return False

    def refused(self, _: int, __: bytes) -> Sequence[Easing]:
        """Nothing, as in `ease`."""
        return ()

    def left_out(self, model: str) -> Sequence[str]:
        """The caller's fields that a call to `model` does not hold, in the caller's words.

        They only tune an answer: what would make it another one has been refused. Names that could
        not stand in a header, such as no field of an API has, are not told.
        """
        found = self._provider.left_out(self._request, model)
        if found:
            found = [self._word(name) for name in found]
        if not self._caller.read_fields.issuperset(self._inbound.fields):  # mostly it is
            return [*self._unread(), *found]
        return found

    def _word(self, name: str) -> str:
        """What the caller has called it: what it has not written would not be found."""
        word, other = self._caller.words[name], _OTHER_WORDS.get(name)
        if other is None or not is_given(self._inbound.fields, other):
            return word
        return word if _holds(self._inbound.fields, word) else other

    def _unread(self) -> list[str]:
        fields, known = self._inbound.fields, self._caller.read_fields
        unread = [name for name in fields if name not in known and _FIELD.fullmatch(name)]
        return [name for name in unread[:MOST_NAMED] if is_given(fields, name)]

    def answer(self, body: bytes) -> Answered:
        """The provider's answer in the caller's dialect.

        Raises:
            UnusableAnswerError: it is none.
        """
        try:
            found = self._provider.read_answer(body, self._inbound.quiet)
            written = self._caller.write_answer(found, self._request, self._at)
        except RecursionError:
            raise UnusableAnswerError("The provider's answer is nested too deeply.") from None
        return Answered(written, found.usage, found.model or None, found.stop)

    def flow(self) -> Flow:
        """The provider's stream in the caller's dialect."""
        return TranslatedFlow(self._provider, self._caller, self._request, self._at)

    def error(self, status: int, body: bytes) -> bytes:
        """The provider's error in the caller's dialect."""
        return self._caller.write_problem(read_problem(status, body))


def _holds(fields: Mapping[str, msgspec.Raw], word: str) -> bool:
    """Whether a field is given that may lie in another; the request has been read."""
    name, _, inner = word.partition(".")
    if not inner or not is_given(fields, name):
        return is_given(fields, name)
    return is_given(_OBJECT.decode(fields[name]), inner)


class TranslatedFlow(Flow):
    """Every event is read, and written anew."""

    def __init__(self, provider: Dialect, caller: Dialect, request: Request, at: int) -> None:
        super().__init__(provider, caller)
        self._writer = caller.writer(request, at)

    def _forward(self, _: Event, said: Sequence[StreamEvent]) -> bytes:
        return b"".join(
            [self._done() if type(one) is Done else self._writer.write(one) for one in said]
        )

    def _forward_delta(self, _: bytes, say: Callable[[str], Delta], text: str) -> bytes:
        return self._writer.write(say(text))

    def _done(self) -> bytes:
        out = self._writer.done(self.usage)
        if self.price is None:
            return out
        return b"\n\n".join([self._told(block) for block in out.split(b"\n\n")])

    def _tell(self, problem: Problem) -> bytes:
        return self._writer.write(Failure(problem))
