"""Admission: what must hold before a provider is called, and what is settled after it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from headgate.access.bucket import Bucket
from headgate.gateway.gate import Gate, Ring, Visitor
from headgate.gateway.key_refusals import told_later, too_dear, unpriced, untold
from headgate.gateway.plant import Plant
from headgate.gateway.record import Pricer
from headgate.gateway.till import Till
from headgate.gateway.worst_case import Bill, Step, worst_case
from headgate.ledger.entry import Entry
from headgate.ledger.keys import KeyStore
from headgate.ledger.store import StoreError
from headgate.routing.judge import MAX_GRADE_TOKENS
from headgate.routing.policies import Origin, Policies
from headgate.routing.policy import Policy
from headgate.routing.tier import Tier
from headgate.values import CHARS_PER_TOKEN, ModelRef
from headgate.wire.lane import Inbound, asked_tier, in_background
from headgate.wire.passed import number_of

if TYPE_CHECKING:  # loaded with the first of them
    from headgate.gateway.passage import Passage

__all__ = ["Admission", "Terms"]

log = logging.getLogger("headgate.gateway")

OWN_WORDS = 400
"""Tokens that the classifier is sent besides the excerpt of the request."""

LOOK_SECONDS = 2.0
"""How soon a change of keys is seen."""


class Terms(msgspec.Struct, frozen=True):
    """How much is set aside for a request, and what holds where no price is known."""

    margin: float = 1.25
    """Estimated input is taken times this: the estimate is good to a quarter."""
    output_tokens: int = 4096
    """Taken where the caller sets no limit to the answer."""
    on_unpriced: Literal["refuse", "allow"] = "refuse"


class _Open:
    """What a request under way has taken of the rates."""

    __slots__ = ("buckets", "estimate", "used")

    def __init__(self, buckets: Sequence[Bucket], estimate: int) -> None:
        self.buckets = buckets
        self.estimate = estimate
        self.used = 0


class Admission:
    """Keys, rates and money of a gateway.

    Args:
        gate: who may come in.
        store: where keys rest; None where there are none.
        till: where money is set aside; None where there are no keys.
        terms: how much.
    """

    def __init__(
        self,
        gate: Gate,
        *,
        store: KeyStore | None = None,
        till: Till | None = None,
        terms: Terms = Terms(),  # noqa: B008 - a frozen value
    ) -> None:
        self.gate = gate
        self.terms = terms
        self._store = store
        self._till = till
        self._open: dict[str, _Open] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._failing = False

    # ---- before a call

    def admit(
        self,
        visitor: Visitor,
        request_id: str,
        plant: Plant,
        inbound: Inbound,
        origin: Origin,
        policy: Policy | None,
    ) -> Coroutine[Any, Any, None] | None:
        """Take a request's tokens and money, or refuse it and take nothing.

        Where the store has to lend money first, what is returned is to be awaited; None: all has
        been taken.

        Args:
            origin: says which tiers may not answer it.
            policy: that it is under.

        Raises:
            RequestError: 429 (too fast, or too little money), 403 (a price is not known), 503 (the
                budgets cannot be looked at).
        """
        bill = None
        if visitor.budgets and self._till is not None:
            bill = self._bill(plant.policies, inbound, origin, policy)
        return self._take(visitor, request_id, plant, inbound.ask.tokens, bill)

    async def admit_passage(
        self, visitor: Visitor, request_id: str, plant: Plant, passage: Passage
    ) -> None:
        """The same for a request that is passed through.

        Raises:
            RequestError: as above; 403 also where its answer will not tell what it costs.
        """
        if visitor.key is None:
            return
        books = passage.books
        model, tokens = books.model, books.tokens
        bill = None
        if visitor.budgets and self._till is not None:
            if self.terms.on_unpriced == "refuse" and not books.foreseeable():
                raise untold(model) if books.priced() else unpriced(model)
            bill = Bill((model,), tokens, books.outputs * self.terms.output_tokens)
        lent = self._take(visitor, request_id, plant, tokens, bill)
        if lent is not None:
            await lent

    def _bill(
        self, policies: Policies, inbound: Inbound, origin: Origin, policy: Policy | None
    ) -> Bill:
        ask, body, tier = inbound.ask, inbound.body, asked_tier(inbound)
        output = ask.max_output or self.terms.output_tokens
        if "n" in inbound.fields:
            output *= _answers(inbound.fields["n"])
        if "background" in inbound.fields and self.terms.on_unpriced == "refuse":
            _check_told(inbound)
        if policy is None:
            models: tuple[ModelRef, ...] = (policies.pinned(ask.model).tier.model,)
        elif origin.barred:
            models = _open_to(origin, policies.tiers)
        else:
            models = policies.models
        bill = Bill(models, ask.tokens, output, body, tier)
        if policy is None or (policy.sorter is None and policy.cascade is None):
            return bill
        return msgspec.structs.replace(bill, besides=_besides(policy, bill))

    def _take(
        self, visitor: Visitor, request_id: str, plant: Plant, tokens: int, bill: Bill | None
    ) -> Coroutine[Any, Any, None] | None:
        till, buckets = self._till, self.gate.tokens(visitor, tokens) if visitor.tokens else ()
        if bill is not None and visitor.budgets and till is not None:
            at_us = int(plant.clock.time() * 1e6)
            try:
                amount = self._price(plant.pricer, bill, at_us)
            except BaseException:
                _give_back(buckets, tokens)
                raise
            if not till.at_once(request_id, visitor.allowance, amount, at_us):
                return self._lent(till, visitor, request_id, amount, _Open(buckets, tokens))
        if buckets:
            self._open[request_id] = _Open(buckets, tokens)
        return None

    async def _lent(
        self, till: Till, visitor: Visitor, request_id: str, amount: int, opened: _Open
    ) -> None:
        """Wait for the store to lend what a request may cost."""
        try:
            short = await till.reserve(request_id, visitor.budgets, amount)
            if short is not None:
                raise too_dear(short, amount, visitor.budgets)
        except BaseException:
            _give_back(opened.buckets, opened.estimate)
            raise
        if opened.buckets:
            self._open[request_id] = opened

    def _price(self, pricer: Pricer, bill: Bill, at_us: int) -> int:
        """The most that a request may cost, in nano-USD, and never nothing."""
        amount, unknown = worst_case(bill, pricer, at_us, self.terms.margin)
        if unknown is not None and self.terms.on_unpriced == "refuse":
            raise unpriced(unknown)
        return amount or 1

    # ---- after it

    def take(self, entry: Entry) -> None:
        """An attempt has been written down."""
        if self._open and (opened := self._open.get(entry.request_id)) is not None:
            opened.used += entry.usage.total_input + entry.usage.output
        if self._till is not None:
            self._till.take(entry)

    def close(self, request_id: str) -> None:
        """The request is over, however it ended."""
        if self._open and (opened := self._open.pop(request_id, None)) is not None:
            for bucket in opened.buckets:
                bucket.take(opened.used - opened.estimate)
        if self._till is not None:
            self._till.close(request_id)

    # ---- beside the requests

    async def __aenter__(self) -> Admission:
        if self._store is not None:
            await self._try_to_look()
            self._tasks.append(asyncio.create_task(self._watch()))
        if self._till is not None:
            self._tasks.append(asyncio.create_task(self._till.keep()))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        if self._till is not None:
            await self._till.stop()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self._try_to_look()

    async def _try_to_look(self) -> None:
        try:
            await self._look()
            self._failing = False
        except StoreError as error:  # the keys that are known go on being good
            if not self._failing:
                log.error("keys: %s", error)
            self._failing = True

    async def _look(self) -> None:
        store = self._store
        assert store is not None  # noqa: S101 - nobody looks where there is none
        version = await asyncio.to_thread(store.version)
        if version != self.gate.ring.version:
            keys, teams = await asyncio.to_thread(lambda: (store.keys(), store.teams()))
            self.gate.ring = Ring(
                version, {key.id: key for key in keys}, {team.name: team for team in teams}
            )
            if self.gate.unsure:
                log.error(
                    "keys: the ledger has virtual keys, and none can be let in: this gateway "
                    "knows no pepper. Name the variable that holds it in [keys] pepper_env, and "
                    "start again."
                )


def _open_to(origin: Origin, tiers: Sequence[Tier]) -> tuple[ModelRef, ...]:
    return tuple(tier.model for tier in tiers if tier.name not in origin.barred)


def _besides(policy: Policy, bill: Bill) -> list[Step]:
    """The calls that a policy may lead to besides the one that answers."""
    steps: list[Step] = []
    if policy.sorter is not None:
        sorter = policy.sorter
        read = sorter.max_chars // CHARS_PER_TOKEN + OWN_WORDS
        steps.append(Step(sorter.tier.model, read, sorter.max_answer_tokens))
    if policy.cascade is not None:
        cascade = policy.cascade
        drafts = [*bill.models[:-1], *([cascade.second.model] if cascade.second else [])]
        steps += [
            Step(model, bill.input, bill.output, bill.body, bill.service_tier) for model in drafts
        ]
        if cascade.judge is not None:
            read = 2 * cascade.max_chars // CHARS_PER_TOKEN + OWN_WORDS
            steps.append(Step(cascade.judge.model, read, MAX_GRADE_TOKENS))
    return steps


def _check_told(inbound: Inbound) -> None:
    """See that an answer will tell what it costs.

    Raises:
        RequestError: 403, it is made in the background.
    """
    if in_background(inbound):
        raise told_later()


def _give_back(buckets: Sequence[Bucket], tokens: int) -> None:
    for bucket in buckets:
        bucket.take(-tokens)


def _answers(number: msgspec.Raw) -> int:
    """How many answers the caller asks for at once (`n` of OpenAI's dialect).

    It is read as the most lenient provider reads it, for each is billed.

    Raises:
        RequestError: that is no whole number (400).
    """
    return number_of(msgspec.json.decode(number))
