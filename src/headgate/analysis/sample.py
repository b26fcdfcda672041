"""A sample described: volume, tokens, cost, caching, retries, repetition, conversations.

The description is a state that grows by a row and merges with another: in whatever order parts of
a sample are merged, the result is the one of a single pass. Its memory does not grow with the rows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import NamedTuple

from headgate.analysis.record import Record
from headgate.analysis.sketch import Distinct, Histogram, Names
from headgate.prices.card import Card
from headgate.prices.charge import charge
from headgate.values import Usage, counted

__all__ = ["KINDS", "Money", "Sample", "Sum"]

HOUR = 3600
KINDS = ("input", "output", "cache_read", "cache_write", "reasoning")
"""Kinds of tokens; `input` are all that the model read, cached ones too."""
MOST_CARDS = 4096
TASK_CHARS = 200
"""Of a system prompt, what tells its task: further on stand names and contexts."""
NUMBER = re.compile(r"\d+")


class Sum(NamedTuple):
    """Money over calls: how many had a price, how many had none, and the sum."""

    priced: int = 0
    unpriced: int = 0
    nano: int = 0

    def __add__(self, other: object) -> Sum:
        assert isinstance(other, Sum)  # noqa: S101 - sums are added to sums only
        return Sum(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class Money:
    """A running `Sum`."""

    __slots__ = ("nano", "priced", "unpriced")

    def __init__(self) -> None:
        self.priced = self.unpriced = self.nano = 0

    def add(self, nano: int | None) -> None:
        """One call; None is unpriced."""
        if nano is None:
            self.unpriced += 1
        else:
            self.priced += 1
            self.nano += nano

    @property
    def sum(self) -> Sum:
        """So far."""
        return Sum(self.priced, self.unpriced, self.nano)

    def take(self, other: Money) -> None:
        """Add what another has."""
        self.priced += other.priced
        self.unpriced += other.unpriced
        self.nano += other.nano


class Sample:
    """What there is to say of a sample; `add` takes a row, `merge` another sample.

    Args:
        card_of: the price card of a model as a record names it; None where none is known.
        others: cards of models that the whole sample is priced on as well.
    """

    def __init__(
        self, card_of: Callable[[str], Card | None] = lambda _: None, others: Sequence[Card] = ()
    ) -> None:
        self._card_of = card_of
        self._cards: dict[str, Card | None] = {}
        self._digests: dict[str, str] = {}
        self.others = tuple(others)
        self.rows = 0
        self.hours: Counter[int] = Counter()
        """Rows by hours since 1970."""
        self.first: float | None = None
        self.last: float | None = None
        self.tokens = {kind: Histogram() for kind in KINDS}
        self.turns = Histogram()
        self.models = Names()
        self.categories = Names()
        self.tasks = Names()
        """Requests by the beginning of their system prompt, as a digest: one program, one task."""
        self.recorded = Money()
        """What the log says the calls cost."""
        self.priced = Money()
        """What their tokens cost at list price; a call without usage is unpriced."""
        self.repriced = {card.id: Money() for card in self.others}
        self.conversations = Distinct()
        self.prompts = Distinct()
        self.facts: Counter[str] = Counter()
        """Rows that say something: prompt, time, usage, model, score, pair, failed, retry, …"""

    def add(self, row: Record) -> None:
        """Take one row."""
        self.rows += 1
        facts = self.facts
        at = row.time
        if at is not None:
            facts["time"] += 1
            self.hours[int(at) // HOUR] += 1
            if self.first is None or at < self.first:
                self.first = at
            if self.last is None or at > self.last:
                self.last = at
        if row.model:
            facts["model"] += 1
            self.models.add(row.model)
        if row.category:
            facts["category"] += 1
            self.categories.add(row.category)
        if row.conversation:
            facts["conversation"] += 1
            self.conversations.add(row.conversation.encode("utf-8", "surrogatepass"))
        if row.prompt:
            facts["prompt"] += 1
            asked = f"{row.system}\0{row.prompt}"
            self.prompts.add(asked.encode("utf-8", "surrogatepass"))
        if row.system:
            self.tasks.add(self._task(row.system))
        self.turns.add(row.turns)
        self._outcome(row)
        self._money(row, row.usage)

    def _task(self, system: str) -> str:
        """Which task a system prompt sets; numbers, such as dates, do not tell tasks apart."""
        beginning = system[:TASK_CHARS]
        try:
            return self._digests[beginning]
        except KeyError:
            if len(self._digests) > MOST_CARDS:
                self._digests.clear()
            template = NUMBER.sub("0", beginning).encode("utf-8", "surrogatepass")
            digest = self._digests[beginning] = blake2b(template, digest_size=4).hexdigest()
            return digest

    def _outcome(self, row: Record) -> None:
        facts = self.facts
        if row.failed:
            facts["failed"] += 1
        if row.retry is not None:
            facts["tells retry"] += 1
            facts["retry"] += row.retry
        if row.score is not None:
            facts["score"] += 1
        if row.cheap is not None and row.premium is not None:
            facts["pair"] += 1

    def _money(self, row: Record, usage: Usage | None) -> None:
        self.recorded.add(row.cost_nano)
        if usage is None:
            self.priced.add(None)
            for money in self.repriced.values():
                money.add(None)
            return
        self.facts["usage"] += 1
        tokens = self.tokens
        tokens["input"].add(usage.total_input)
        tokens["output"].add(usage.output)
        if usage.cache_read:
            tokens["cache_read"].add(usage.cache_read)
        written = usage.cache_write_5m + usage.cache_write_1h
        if written:
            tokens["cache_write"].add(written)
        if usage.reasoning:
            tokens["reasoning"].add(usage.reasoning)
        card = self._card(row.model)
        self.priced.add(None if card is None else charge(card, usage))
        for other in self.others:
            self.repriced[other.id].add(charge(other, usage))

    def _card(self, model: str) -> Card | None:
        try:
            return self._cards[model]
        except KeyError:
            if len(self._cards) > MOST_CARDS:
                self._cards.clear()
            card = self._cards[model] = self._card_of(model)
            return card

    def merge(self, other: Sample) -> Sample:
        """Both as one; neither is changed. They must be priced alike.

        Raises:
            ValueError: they are priced on different models.
        """
        if self.others != other.others:
            raise ValueError("samples that are priced on different models cannot be merged")
        both = Sample(self._card_of, self.others)
        both.rows = self.rows + other.rows
        both.hours = self.hours + other.hours
        both.first = min((x for x in (self.first, other.first) if x is not None), default=None)
        both.last = max((x for x in (self.last, other.last) if x is not None), default=None)
        both.tokens = {kind: self.tokens[kind].merge(other.tokens[kind]) for kind in KINDS}
        both.turns = self.turns.merge(other.turns)
        both.conversations = self.conversations.merge(other.conversations)
        both.prompts = self.prompts.merge(other.prompts)
        both.facts = self.facts + other.facts
        both.models = self.models.merge(other.models)
        both.categories = self.categories.merge(other.categories)
        both.tasks = self.tasks.merge(other.tasks)
        for side in (self, other):
            both.recorded.take(side.recorded)
            both.priced.take(side.priced)
            for name, money in side.repriced.items():
                both.repriced[name].take(money)
        return both

    @property
    def state(self) -> tuple[object, ...]:
        """All that it holds, to compare it by."""
        return (
            self.rows,
            self.hours,
            self.first,
            self.last,
            self.tokens,
            self.turns,
            self.models,
            self.categories,
            self.tasks,
            self.recorded.sum,
            self.priced.sum,
            {name: money.sum for name, money in self.repriced.items()},
            self.conversations,
            self.prompts,
            +self.facts,
        )

    @property
    def days(self) -> float | None:
        """Days from the first row to the last; None without times, or where there is one moment."""
        if self.first is None or self.last is None or self.first == self.last:
            return None
        return (self.last - self.first) / 86400

    @property
    def by_hour(self) -> list[int]:
        """Rows by hour of the day (UTC), 24 numbers."""
        day = [0] * 24
        for hour, times in self.hours.items():
            day[hour % 24] += times
        return day

    @property
    def cache_share(self) -> float | None:
        """Share of all tokens read that came from a prompt cache; None where usage is unknown."""
        read = self.tokens["input"].total
        return self.tokens["cache_read"].total / read if read else None

    @property
    def missing(self) -> list[str]:
        """What stands between this sample and an estimate, a sentence each."""
        told = self.facts
        wanted = []
        if not told["pair"] and not told["score"]:
            wanted.append(
                "No grades: an estimate needs both answers graded, in columns `cheap` and "
                "`premium`, or a row for each model with `id`, `model` and `score`."
            )
        if not told["prompt"]:
            wanted.append("No prompts: a router cannot be trained on these rows.")
        if not told["time"]:
            wanted.append("No times: the volume a day is unknown.")
        if not told["usage"]:
            wanted.append("No token counts: the bill is unknown.")
        elif self.priced.unpriced > self.rows - told["usage"]:
            few = self.priced.unpriced - (self.rows - told["usage"])
            wanted.append(
                f"Without a known price: {counted(few, 'call')}; state one below [prices]."
            )
        if not told["conversation"]:
            wanted.append(
                "No conversations: rows of one conversation may be taken for independent ones."
            )
        return wanted
