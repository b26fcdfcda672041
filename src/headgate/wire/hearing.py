"""An answer put together from the events of its stream, up to a length."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from headgate.wire.neutral import (
    Done,
    Part,
    Refusal,
    RefusalDelta,
    StreamEvent,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCall,
    ToolDelta,
    ToolStart,
)

__all__ = ["Hearing"]

Kind: TypeAlias = Literal["text", "thinking", "refusal"]


class _Piece(NamedTuple):
    """A part that is being put together; a tool's call has an id and a name."""

    kind: Kind | None
    texts: list[str]
    id: str = ""
    name: str = ""


class Hearing:
    """Takes a stream's events; the texts are kept up to a length, the rest of them is counted.

    Args:
        most: bytes of UTF-8 that are kept.
    """

    def __init__(self, most: int) -> None:
        self.done = False
        """The stream is complete."""
        self.left_out = 0
        """Bytes of the texts that were too much."""
        self._room = most
        self._kind: Kind | None = None
        self._texts: list[str] = []
        """What is being said, and where it is put."""
        self._pieces: list[_Piece] = []
        self._calls: dict[int, _Piece] = {}

    def take(self, event: StreamEvent) -> None:
        """The next event."""
        # by type: a `case` of a struct that it is not costs a thousand instructions
        if type(event) is TextDelta:
            self._say("text", event.text)
        elif type(event) is ToolDelta:
            self._add(self._call(event.index).texts, event.text)
        elif type(event) is ThinkingDelta:
            self._say("thinking", event.text)
        elif type(event) is RefusalDelta:
            self._say("refusal", event.text)
        elif type(event) is ToolStart:
            self._begin(event.index, _Piece(None, [], event.id, event.name))
        elif type(event) is Done:
            self.done = True

    def parts(self) -> list[Part]:
        """What was said so far, in the order in which it began."""
        return [_part(piece) for piece in self._pieces if piece.kind is None or any(piece.texts)]

    def _say(self, kind: Kind, text: str) -> None:
        if kind != self._kind:
            self._kind, self._texts = kind, []
            self._pieces.append(_Piece(kind, self._texts))
        if (size := len(text)) <= self._room and text.isascii():  # nearly always
            self._room -= size
            self._texts.append(text)
        else:
            self._add(self._texts, text)

    def _call(self, index: int) -> _Piece:
        return self._calls.get(index) or self._begin(index, _Piece(None, []))

    def _begin(self, index: int, call: _Piece) -> _Piece:
        self._calls[index] = call
        self._pieces.append(call)
        self._kind = None
        return call

    def _add(self, texts: list[str], text: str) -> None:
        size = len(text) if text.isascii() else len(text.encode())
        if size > self._room:
            kept = text.encode()[: self._room].decode(errors="ignore")
            self.left_out += size - len(kept.encode())
            self._room, text = 0, kept
        else:
            self._room -= size
        if text:
            texts.append(text)


def _part(piece: _Piece) -> Part:
    text = "".join(piece.texts)
    match piece.kind:
        case "text":
            return Text(text)
        case "thinking":
            return Thinking(text)
        case "refusal":
            return Refusal(text)
        case None:
            return ToolCall(piece.id, piece.name, text)
