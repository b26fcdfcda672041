"""A ceiling: the most that one call may cost, whichever of several cards prices it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from headgate.prices.card import PICO_PER_NANO, Card

__all__ = ["Ceiling", "is_flat"]


class _Line(NamedTuple):
    """A card with one price for each kind, in pico-dollars for a token; `fee` for a call."""

    read: int
    kept: int
    """Of input that is written to a cache for an hour; no less than `read`."""
    written: int
    fee: int


def is_flat(card: Card) -> bool:
    """Whether a call's price is a sum of products: input and output have one price each."""
    return not card.tiers and card.rates.input is not None and card.rates.output is not None


class Ceiling:
    """The dearest of several flat cards for any call, worked out once for many calls.

    A card that is no dearer than another one in anything is left out, so that mostly one remains.

    Args:
        cards: each of them flat.
    """

    __slots__ = ("_lines", "keeps")

    def __init__(self, cards: Iterable[Card]) -> None:
        lines = dict.fromkeys(map(_line, cards))
        self._lines = tuple(
            tuple(line)  # a plain tuple is taken apart at once, one with names step by step
            for line in lines
            if not any(
                line is not other and all(a <= b for a, b in zip(line, other, strict=True))
                for other in lines
            )
        )
        self.keeps = any(dearer > plain for plain, dearer, *_ in self._lines)
        """Input that is written to a cache may cost more than such as is not."""

    def nano(self, read: int, written: int, *, kept: bool = False) -> int:
        """The most that a call costs, in nano-dollars: what `charge` takes of the dearest card.

        Args:
            read: tokens of its input, none of them from a cache.
            written: tokens of its answer.
            kept: its input may be written to a cache for an hour, or not.
        """
        if not read and not written:
            return 0  # a call without tokens owes no fee
        most = 0
        for plain, dearer, answered, fee in self._lines:
            pico = (dearer if kept else plain) * read + answered * written + fee
            if pico > most:
                most = pico
        nano, rest = divmod(most, PICO_PER_NANO)  # as in `charge`, in place
        return nano + (rest > 500 or (rest == 500 and nano & 1))


def _line(card: Card) -> _Line:
    rates = card.rates
    read, written = rates.input or 0, rates.output or 0
    write = read if rates.cache_write_5m is None else rates.cache_write_5m
    hour = write if rates.cache_write_1h is None else rates.cache_write_1h
    return _Line(read, max(read, hour), written, rates.request)
