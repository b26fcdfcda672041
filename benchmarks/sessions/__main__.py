"""`python -m benchmarks.sessions`: conversations under three policies, with real prices and caches.

Simulated, because no public set has both the turns of a conversation and what each model would have
made of them. A conversation draws its length (log-normal, 7 turns at the median), a start of 2,000
to 20,000 tokens, what each turn adds, the pauses, and how hard it is; a turn is hard with a chance
around that, which drifts as the conversation goes on. The router sees it through noise. A model's
cache holds what it was last sent, for five minutes after its last use.

What cheap gets wrong is a hard turn that it answers. A cost without that figure beside it would
praise whoever never asks premium.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TypeAlias

import click

from headgate.prices.book import Book
from headgate.prices.charge import charge
from headgate.routing.policy import Decision
from headgate.routing.session import CACHE_SECONDS, Served, Sessions, Terms
from headgate.routing.tier import Tier
from headgate.values import Ask, ModelRef, Usage

__all__ = ["PAIRS", "Chat", "Outcome", "Turn", "chats", "run"]

AT = datetime(2026, 11, 20, tzinfo=UTC)
PAIRS = {
    "Haiku 4.5 / Sonnet 4.6": ("anthropic/claude-haiku-4-5", "anthropic/claude-sonnet-4-6", True),
    "GPT-5 mini / GPT-5": ("openai/gpt-5-mini", "openai/gpt-5", False),
}
"""Cheap, premium, and whether what is put into the cache is billed."""

Strategy: TypeAlias = Callable[["Turn", "Talk"], Tier]


class Turn(NamedTuple):
    """One turn: seconds since the last, tokens it adds, tokens of the answer, and the verdict."""

    pause: float
    adds: int
    output: int
    hard: bool
    score: float


class Chat(NamedTuple):
    """One conversation."""

    start: int
    turns: tuple[Turn, ...]


class Outcome(NamedTuple):
    """What all conversations came to under one strategy; money in nano-USD."""

    cost: int
    wrong: int
    hard: int
    turns: int
    switches: int

    @property
    def missed(self) -> float:
        """Share of the hard turns that cheap answered."""
        return self.wrong / max(1, self.hard)


def chats(count: int, seed: int, *, noise: float = 0.25) -> Iterator[Chat]:
    """Conversations; `noise` is the spread of the router's error in a turn's hardness."""
    chance = random.Random(seed)
    for _ in range(count):
        level = chance.betavariate(1.2, 3)
        turns: list[Turn] = []
        for _ in range(min(120, max(1, round(chance.lognormvariate(1.95, 0.9))))):
            level = min(1.0, max(0.0, level + chance.gauss(0, 0.06)))
            turns.append(
                Turn(
                    chance.lognormvariate(3.4, 1.3),
                    round(chance.lognormvariate(6.2, 0.9)),
                    round(chance.lognormvariate(5.8, 0.7)),
                    chance.random() < level,
                    level + chance.gauss(0, noise),
                )
            )
        yield Chat(round(chance.uniform(2000, 20_000)), tuple(turns))


class Talk:
    """One conversation under way: who answered last, and what each model still has of it."""

    def __init__(self, chat: Chat) -> None:
        self.total = chat.start
        self.at = 0.0
        self.number = 0
        self.tier: Tier | None = None
        self._kept: dict[ModelRef, tuple[int, float]] = {}

    def sent(self, turn: Turn, model: ModelRef, *, writes: bool) -> Usage:
        """What a model is sent and reads from its cache."""
        tokens, until = self._kept.get(model, (0, -1.0))
        read = tokens if self.at <= until else 0
        fresh = self.total - read
        self._kept[model] = (self.total, self.at + CACHE_SECONDS)
        if writes:
            return Usage(output=turn.output, cache_read=read, cache_write_5m=fresh)
        return Usage(fresh, turn.output, read)


class Pair:
    """Two models, their prices, and the strategies between them."""

    def __init__(self, cheap: str, premium: str, *, writes: bool) -> None:
        self.writes = writes
        self.cheap = Tier(name="cheap", model=ModelRef.parse(cheap))
        self.premium = Tier(name="premium", model=ModelRef.parse(premium), premium=True)
        book = Book.shipped()
        cards = {tier.model: book.card(tier.model, AT) for tier in (self.cheap, self.premium)}
        assert all(cards.values()), "the shipped list knows both models"
        self._cards = cards

    def price(self, model: ModelRef, usage: Usage) -> int:
        card = self._cards[model]
        found = None if card is None else charge(card, usage)
        assert found is not None
        return found

    def verdict(self, turn: Turn, threshold: float) -> Tier:
        return self.premium if turn.score >= threshold else self.cheap


def run(pair: Pair, talks: Sequence[Chat], terms: Terms | str, threshold: float) -> Outcome:
    """All conversations, under sessions with these terms or under a fixed strategy by name."""
    sessions = None
    if isinstance(terms, Terms):
        sessions = Sessions((pair.cheap, pair.premium), terms, pair.price)
    cost = wrong = hard = turns = switches = 0
    for index, chat in enumerate(talks):
        talk = Talk(chat)
        for turn in chat.turns:
            talk.at += turn.pause
            talk.total += turn.adds
            wanted = pair.verdict(turn, threshold)
            before = talk.tier
            if sessions is not None:
                usage = _in_session(pair, sessions, talk, turn, wanted, index)
            else:
                fixed = {"premium": pair.premium, "cheap": pair.cheap, "never": talk.tier}
                talk.tier = fixed.get(str(terms)) or wanted
                usage = talk.sent(turn, talk.tier.model, writes=pair.writes)
            assert talk.tier is not None
            cost += pair.price(talk.tier.model, usage)
            turns += 1
            hard += turn.hard
            wrong += turn.hard and talk.tier is pair.cheap
            switches += before is not None and before is not talk.tier
            talk.total += turn.output
            talk.number += 1
    return Outcome(cost, wrong, hard, turns, switches)


def _in_session(
    pair: Pair, sessions: Sessions, talk: Talk, turn: Turn, wanted: Tier, index: int
) -> Usage:
    asked = Ask(model="auto", opening=str(index), replies=talk.number)
    found = sessions.talk(asked, "")
    live = sessions.live(found, talk.at)
    verdict = Decision(wanted, "router", turn.score, policy="auto")
    decision = verdict if live is None else sessions.decide(live, found, verdict, talk.at)
    talk.tier = decision.tier
    usage = talk.sent(turn, talk.tier.model, writes=pair.writes)
    sessions.note(found, Served(talk.tier, usage), decision.reason, talk.at)
    return usage


STRATEGIES: dict[str, Terms | str] = {
    "all premium": "premium",
    "all cheap": "cheap",
    "each turn alone": "always",
    "never switching": "never",
    "sessions": Terms(),
    "sessions, no latch": Terms(latch=False),
    "sessions, 1 confirmation": Terms(confirmations=1),
    "sessions, 2 confirmations": Terms(confirmations=2),
    "sessions, 5 confirmations": Terms(confirmations=5),
    "sessions, limit 0": Terms(max_switch_cost=0.0),
    "sessions, limit 25 %": Terms(max_switch_cost=0.25),
    "sessions, limit 100 %": Terms(max_switch_cost=1.0),
    "sessions, horizon 2": Terms(horizon=2),
    "sessions, horizon 20": Terms(horizon=20),
}


def threshold_for(pair: Pair, talks: Sequence[Chat], terms: Terms | str, missed: float) -> float:
    """The router's threshold at which a strategy misses so large a share of the hard turns."""
    low, high = -1.0, 2.0
    for _ in range(12):
        middle = (low + high) / 2
        if run(pair, talks, terms, middle).missed > missed:
            high = middle
        else:
            low = middle
    return low


@click.command()
@click.option("--count", default=2000, type=click.IntRange(1), show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--missed", default=0.2, type=click.FloatRange(0, 1), show_default=True)
@click.option("--noise", default=0.25, type=click.FloatRange(0), show_default=True)
def main(count: int, seed: int, missed: float, noise: float) -> None:
    """Cost at the same quality: each strategy's threshold is set to miss the same share."""
    talks = list(chats(count, seed, noise=noise))
    for name, (cheap, premium, writes) in PAIRS.items():
        pair = Pair(cheap, premium, writes=writes)
        base = run(pair, talks, "premium", 0.0)
        click.echo(f"{name}: {count:,} conversations, {base.turns:,} turns, noise {noise}")
        click.echo(f"  {'':<28}{'USD a 1,000':>12}{'of premium':>12}{'missed':>9}{'switches':>10}")
        for strategy, terms in STRATEGIES.items():
            fixed = terms in ("premium", "cheap")
            threshold = 0.0 if fixed else threshold_for(pair, talks, terms, missed)
            found = run(pair, talks, terms, threshold)
            each = found.switches / count
            click.echo(
                f"  {strategy:<28}{found.cost / count * 1000 / 1e9:>12.2f}"
                f"{found.cost / base.cost:>12.1%}{found.missed:>9.1%}{each:>10.2f}"
            )


if __name__ == "__main__":
    main()
