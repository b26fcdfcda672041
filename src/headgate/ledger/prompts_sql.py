"""What a store with SQL does with prompts: the same for SQLite and for PostgreSQL."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from operator import attrgetter

from headgate.ledger.prompt import Prompt
from headgate.ledger.statements import Ask, Row, Write
from headgate.ledger.store import EVER, Window

__all__ = ["SqlPrompts", "prompt_row"]

PAGE_PROMPTS = 100
"""Prompts that are read or deleted at a time; each may have half a MB."""

prompt_row = attrgetter(*Prompt.__struct_fields__)
"""The values of a prompt, in the order of the table's columns."""


class SqlPrompts(ABC):
    """The table `prompts`, of a store that says how it reads and writes."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Ask]:
        """Ask several things of one and the same state of the store."""

    @abstractmethod
    def _changing(self) -> AbstractContextManager[tuple[Ask, Write]]:
        """Change several things in one transaction, while nobody else writes."""

    def _erasing(self) -> AbstractContextManager[tuple[Ask, Write]]:
        """As `_changing`, for what is deleted because nobody should read it any more."""
        return self._changing()

    def prompt(self, request_id: str) -> Prompt | None:
        """What was kept of one request."""
        with self._reading() as ask:
            found = ask("prompt", request_id=request_id)
        return _prompt_of(found[0]) if found else None

    def prompts(self, window: Window = EVER) -> Iterator[Prompt]:
        """The prompts of a window, in the order of time and id; read a page at a time."""
        after, until = window.ends
        last = ""
        while True:
            with self._reading() as ask:
                page = ask("prompts", after=after, last=last, until=until, page=PAGE_PROMPTS)
            yield from map(_prompt_of, page)
            if len(page) < PAGE_PROMPTS:
                return
            last, after = page[-1][:2]

    def count_prompts(self, window: Window = EVER) -> int:
        """How many prompts a window has."""
        since, until = window.ends
        with self._reading() as ask:
            ((count,),) = ask("count_prompts", since=since, until=until)
        return int(count)

    def prune_prompts(self, before_us: int) -> Iterator[int]:
        """Delete the prompts from before a moment, a page in each transaction."""
        gone = PAGE_PROMPTS
        while gone == PAGE_PROMPTS:
            with self._erasing() as (_, write):
                gone = write("prune_prompts", before=before_us, most=PAGE_PROMPTS)
            if gone:
                yield gone

    def _unsound_prompts(self) -> Iterator[str]:
        with self._reading() as ask:
            found = ask("overlong_prompts")
        for (request,) in found:
            yield f"The prompt of request {request} is longer than it says that it was."


def _prompt_of(row: Row) -> Prompt:
    return Prompt(**dict(zip(Prompt.__struct_fields__, row, strict=True)))
