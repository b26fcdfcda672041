"""Sessions: which conversation a request goes on with, and when a conversation changes its tier.

The rules of the file:
- A conversation stays on the tier of its last turn, because another model has nothing of it in its
  prompt cache. Its first turn is decided as any request.
- A dearer tier that the policy asks for `confirmations` turns in a row is taken, for quality. With
  `latch` the conversation then stays there.
- A cheaper tier, asked for as often, is taken only for money: when what is saved over the coming
  `horizon` turns exceeds what the lost cache costs, and when all that switching has cost in this
  conversation, the way back included, stays within `max_switch_cost` of what never switching would
  have cost.
- In a cascade, a rejected draft is a verdict for the tier that answered in its place.
- A rule's verdict for a dearer tier needs no confirmation, and what the watch has pinned is pinned.
- What a provider keeps (`previous_response_id`) cannot be gone on with elsewhere: it stays.
- A fallback answers one turn; the conversation's own tier is called again for the next.

Pure: prices, time and tokens are handed in. Memory is bounded: the conversations that were quiet
for longest are forgotten first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import TypeAlias

import msgspec

from headgate.routing.policy import PINNED_BY_WATCH, Decision
from headgate.routing.tier import Tier
from headgate.values import Ask, ModelRef, Usage

__all__ = [
    "FURTHER",
    "LATCHED",
    "SESSION_HEADER",
    "STICKY",
    "SWITCHED",
    "Price",
    "Served",
    "Session",
    "Sessions",
    "Talk",
    "Terms",
    "Weighing",
    "weigh",
]

SESSION_HEADER = "x-headgate-session"

STICKY = "session:sticky"
LATCHED = "session:latched"
SWITCHED = "session:switch"
"""Reasons of decisions that are a session's, not the policy's."""

FURTHER = "session:"
"""What the reason of every further turn begins with, whatever its tier. Where the policy agrees
with the conversation, its own reason follows."""

CACHE_SECONDS = 300.0
LONG_CACHE_SECONDS = 3600.0
"""How long a prompt cache is kept after its last use (Anthropic's two lifetimes; OpenAI says 5 to
10 minutes). After that nothing is lost by a switch."""

BYTES_EACH = 700
"""Memory for one conversation, its key and its last answer's id included: see the tests."""

Price: TypeAlias = Callable[[ModelRef, Usage], int | None]
"""What tokens cost on a model at present, in nano-USD; None where no price is known."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator has set."""

    idle_timeout: float = 3600.0
    """Seconds after which a conversation is taken for a new one."""
    latch: bool = True
    confirmations: int = 3
    horizon: int = 6
    """Turns that a conversation is expected to go on for."""
    max_switch_cost: float = 0.1
    """As a share of what never switching would have cost."""
    capacity: int = 50_000
    """Conversations that are remembered."""


class Talk(msgspec.Struct, frozen=True, gc=False):
    """A request's conversation: its key, and whether this may be its first turn."""

    key: int
    """Python's own hash, whose 64 bits are keyed anew for each process: ten times as fast as a
    digest, and two of a million conversations meet with a chance of 1 in 30 million."""
    opening: bool
    kept: bool = False
    """The provider keeps its history."""


class Served(msgspec.Struct, frozen=True, gc=False):
    """A turn that has been answered."""

    tier: Tier
    usage: Usage
    chosen: bool = True
    """The tier was decided for, and no fallback."""
    draft: bool | None = None
    """Whether the draft was found good; None where the decision was not for a draft."""
    messages: int = 0
    """Messages or items in the request's history, where it is known."""
    answer_id: str | None = None


class Weighing(msgspec.Struct, frozen=True):
    """Both sides of a switch for money, in nano-USD."""

    saving: int
    """Over the coming turns, were nothing lost."""
    lost: int
    """To fill the other model's cache."""
    spent: int
    """By switches so far."""
    back: int
    """What a return would cost."""
    limit: int
    """What switching may cost in all."""

    @property
    def pays(self) -> bool:
        """Whether the switch is worth it and within the limit."""
        return self.saving > self.lost and self.spent + self.lost + self.back <= self.limit


class Session(msgspec.Struct, kw_only=True):
    """What is remembered of one conversation."""

    tier: Tier
    home: Tier
    """Where it began: never switching would have stayed here."""
    at: float
    turns: int = 0
    latched: bool = False
    leaning: str = ""
    """The tier that the policy has asked for lately, though another one answers."""
    streak: int = 0
    """How often in a row."""
    first_input: int = 0
    last_input: int = 0
    outputs: int = 0
    share: float = 1.0
    """Of a turn's input, how much the next turn finds in the cache; 1 until it has been seen."""
    writes: bool = False
    """Whether the provider bills what it puts into the cache."""
    long: bool = False
    """Whether the cache is kept for an hour."""
    spent: int = 0
    """What switches have cost, in nano-USD."""
    fresh: int = 0
    known: int = 0
    """Input tokens over all turns: those that came with a turn, and those it had seen before."""
    model: ModelRef | None = None
    """Who answered last."""
    foreign: int = 0
    """So many messages at the history's beginning hold other models' reasoning."""

    def growth(self) -> int:
        """Tokens by which the input grows from turn to turn."""
        if self.turns < 2:
            return self.outputs
        return max(0, (self.last_input - self.first_input) // (self.turns - 1))

    def warm(self, at: float) -> bool:
        """Whether its prompt cache is still there."""
        return at - self.at < (LONG_CACHE_SECONDS if self.long else CACHE_SECONDS)

    def count(self, usage: Usage, *, switched: bool) -> None:
        """Learn from a further turn how the conversation grows, and how much of it is cached."""
        written = usage.cache_write_5m + usage.cache_write_1h
        total = usage.input + usage.cache_read + written
        fresh = max(0, total - self.last_input)
        self.fresh += fresh
        self.known += total - fresh
        if not switched and self.last_input:
            self.share = min(1.0, usage.cache_read / self.last_input)
        if written:
            self.writes, self.long = True, usage.cache_write_1h > 0
        self.turns += 1
        self.last_input = total
        self.outputs += usage.output

    def lean(self, tier: str) -> None:
        """Another tier was asked for; the empty name ends the row."""
        self.streak = self.streak + 1 if tier and self.leaning == tier else int(bool(tier))
        self.leaning = tier

    def mean(self) -> Usage:
        """The turn so far, on average, had it never left a model."""
        turns = max(1, self.turns)
        return self.turn(self.fresh // turns, self.known // turns, output=self.outputs // turns)

    def turn(self, fresh: int, known: int, *, output: int) -> Usage:
        """A turn of `fresh` tokens that the model has not seen and `known` ones that it has."""
        cached = int(known * self.share)
        new = fresh + known - cached
        if self.writes:
            return Usage(output=output, cache_read=cached, cache_write_5m=new)
        return Usage(new, output, cached)


def weigh(session: Session, to: ModelRef, at: float, price: Price, terms: Terms) -> Weighing | None:
    """The money in a switch to another model, or None where a price is not known.

    Each of the coming turns is priced on both models from the conversation's own tokens: the input
    grows as it has so far, and of it a part is read from the cache. The first turn on the other
    model finds none of it there.
    """
    here = session.tier.model
    growth, known = session.growth(), session.last_input
    output = session.outputs // max(1, session.turns)

    def cost(model: ModelRef, usage: Usage) -> int:
        found = price(model, usage)
        if found is None:
            raise _UnpricedError
        return found

    try:
        saving = 0
        for turn in range(terms.horizon):
            coming = session.turn(growth, known + turn * growth, output=output)
            saving += cost(here, coming) - cost(to, coming)
        lost = _fill(session, known, to, cost) if session.warm(at) else 0
        back = _fill(session, known, here, cost)
        home = session.home.model
        never = session.turns * cost(home, session.mean())
        never += cost(home, session.turn(growth, known, output=output))
    except _UnpricedError:
        return None
    limit = int(never * terms.max_switch_cost)
    return Weighing(saving, lost, session.spent, back, limit)


class _UnpricedError(Exception):
    pass


def _fill(
    session: Session, known: int, model: ModelRef, cost: Callable[[ModelRef, Usage], int]
) -> int:
    """What it costs that a model has nothing of the conversation in its cache."""
    cached = int(known * session.share)
    unread = Usage(cache_write_5m=cached) if session.writes else Usage(input=cached)
    return max(0, cost(model, unread) - cost(model, Usage(cache_read=cached)))


class Sessions:
    """The conversations of one process.

    Args:
        tiers: from cheapest to premium.
        terms: what the operator has set.
        price: what tokens cost.
    """

    def __init__(self, tiers: Sequence[Tier], terms: Terms, price: Price) -> None:
        self._rank = {tier.name: rank for rank, tier in enumerate(tiers)}
        self._tiers = {tier.name: tier for tier in tiers}
        self._terms = terms
        self._price = price
        self._sessions: OrderedDict[int, Session] = OrderedDict()
        self._answers: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sessions)

    def talk(self, ask: Ask, owner: Hashable) -> Talk:
        """The conversation that a request belongs to.

        In this order: the caller's own name for it; the answer it goes on from; its beginning
        (system prompt and first user turn), together with the id that an agent's client sends.
        All turns of a conversation have these in common, however long it grows. `owner` keeps
        callers (and policies) apart.
        """
        named = ask.headers.get(SESSION_HEADER)
        if named:
            return Talk(hash((owner, "header", named)), opening=False)
        if ask.continues is not None:
            key = self._answers.get(ask.continues)
            return Talk(key or hash((owner, "answer", ask.continues)), opening=False, kept=True)
        system = ask.system[: ask.preamble]
        start = hash((owner, "start", ask.conversation, system, ask.opening))
        return Talk(start, opening=not ask.replies)

    def live(self, talk: Talk, at: float) -> Session | None:
        """What is remembered of it; None for one that begins, or was quiet for too long."""
        if talk.opening:  # another conversation that begins with the same words
            return None
        session = self._sessions.get(talk.key)
        if session is None or at - session.at > self._terms.idle_timeout:
            return None
        return session

    def decide(
        self, session: Session, talk: Talk, verdict: Decision | None, at: float, policy: str = ""
    ) -> Decision:
        """Where a further turn goes, given what the policy named says of it alone.

        A verdict of None (it would take a call to the classifier) is not asked for.
        """
        reason = LATCHED if session.latched else STICKY
        if verdict is None:
            session.lean("")
            return Decision(session.tier, reason, policy=policy)
        if verdict.tier is session.tier:
            if verdict.draft:
                return self._drafted(session, verdict)
            session.lean("")
            return _further(verdict)
        if verdict.reason == PINNED_BY_WATCH:
            return verdict
        stay = msgspec.structs.replace(verdict, tier=session.tier, reason=reason, draft=False)
        return stay if talk.kept else self._weighed(session, verdict, stay, at)

    def note(self, talk: Talk, served: Served, reason: str, at: float) -> None:
        """Take down a turn that was answered, and why it went where it went."""
        session = None if talk.opening else self.live(talk, at)
        if session is None:
            session = self._sessions[talk.key] = _begun(served, at)
        else:
            self._go_on(session, served, reason, at)
        if served.draft is not None:
            session.lean("" if served.draft else served.tier.name)
        self._sessions.move_to_end(talk.key)
        if served.answer_id is not None:
            self._answers[served.answer_id] = talk.key
            if len(self._answers) > self._terms.capacity:
                self._answers.popitem(last=False)
        if len(self._sessions) > self._terms.capacity:
            self._sessions.popitem(last=False)

    # ---- moving

    def _drafted(self, session: Session, verdict: Decision) -> Decision:
        """A cascade: drafts rejected in a row are verdicts for the tier that answered instead."""
        if not session.leaning or session.streak < self._terms.confirmations:
            return _further(verdict)
        tier = self._tiers[session.leaning]
        told = _told(verdict, weigh(session, tier.model, session.at, self._price, self._terms))
        reason = LATCHED if self._terms.latch else SWITCHED
        return msgspec.structs.replace(verdict, tier=tier, draft=False, reason=reason, trace=told)

    def _weighed(self, session: Session, verdict: Decision, stay: Decision, at: float) -> Decision:
        """The policy asks for another tier than the conversation's: go there, or stay."""
        name = verdict.tier.name
        session.lean(name)
        dearer = self._rank[name] > self._rank[session.tier.name]
        sure = session.streak >= self._terms.confirmations
        if not (sure or (dearer and verdict.reason.startswith("rule:"))):
            return stay
        if session.latched and not dearer:
            return stay
        weighing = weigh(session, verdict.tier.model, at, self._price, self._terms)
        told = _told(verdict, weighing)
        if not dearer and (weighing is None or not weighing.pays):
            return msgspec.structs.replace(stay, trace=told)
        reason = LATCHED if dearer and self._terms.latch else SWITCHED
        return msgspec.structs.replace(verdict, reason=reason, trace=told)

    # ---- what is remembered

    def _go_on(self, session: Session, served: Served, reason: str, at: float) -> None:
        """A further turn."""
        model = served.tier.model
        switched = session.model is not None and session.model != model
        if switched:
            session.foreign = max(session.foreign, served.messages)
            if served.chosen:
                self._switched(session, served, reason, at)
        session.model = model
        session.count(served.usage, switched=switched)
        session.at = at

    def _switched(self, session: Session, served: Served, reason: str, at: float) -> None:
        if session.warm(at):
            cost = self._price_or_zero
            session.spent += _fill(session, session.last_input, served.tier.model, cost)
        session.latched = session.latched or reason == LATCHED
        session.tier = served.tier
        session.lean("")

    def _price_or_zero(self, model: ModelRef, usage: Usage) -> int:
        return self._price(model, usage) or 0


def _begun(served: Served, at: float) -> Session:
    """A conversation after its first turn, in one piece: what is set later costs more."""
    tier, usage = served.tier, served.usage
    written = usage.cache_write_5m + usage.cache_write_1h
    total = usage.input + usage.cache_read + written
    session = Session(
        tier=tier,
        home=tier,
        at=at,
        turns=1,
        first_input=total,
        last_input=total,
        outputs=usage.output,
        fresh=total,
        model=tier.model,
    )
    if written:
        session.share = (written + usage.cache_read) / total
        session.writes, session.long = True, usage.cache_write_1h > 0
    return session


def _further(verdict: Decision) -> Decision:
    """The policy agrees with the conversation: its own reason, marked as that of a further turn."""
    if verdict.reason == PINNED_BY_WATCH:
        return verdict
    return msgspec.structs.replace(verdict, reason=f"{FURTHER}{verdict.reason}")


def _told(verdict: Decision, weighing: Weighing | None) -> dict[str, object]:
    """For the ledger: what the policy wanted, and both sides of the switch in nano-USD."""
    said: dict[str, object] = {"verdict": verdict.tier.name, "because": verdict.reason}
    if weighing is not None:
        said |= {f"{name}_nano": getattr(weighing, name) for name in Weighing.__struct_fields__}
    return {"session": said}
