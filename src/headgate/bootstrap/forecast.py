"""What the gateway would do with a request, found out by its own code without calling anybody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

import msgspec

from headgate.bootstrap.book import prices_of
from headgate.bootstrap.policies import policies_of
from headgate.errors import RequestError
from headgate.prices.book import Book
from headgate.prices.charge import charge
from headgate.routing.controls import STEADY
from headgate.routing.exchange import Exchange, Limits, Terms
from headgate.routing.guard import NOTHING
from headgate.routing.policies import Origin
from headgate.routing.policy import Decision
from headgate.routing.signals import Call, Classify, Command, Failed, Refuse, Start
from headgate.routing.tier import Tier
from headgate.settings.schema import Settings
from headgate.values import ModelRef, Usage
from headgate.wire.lane import Inbound, lane

__all__ = ["Forecast", "Forecaster"]


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of one request.

    Money is in nano-USD for one answer, None where no price is known; tokens are estimates.
    """

    asked: str
    """The model as the caller spelled it."""
    policy: str
    """Empty where the caller pins a tier or a model."""
    outcome: Literal["call", "ask classifier", "refuse"]
    """What the gateway would do first."""
    tier: str | None
    """The tier that would be called; where somebody is asked first, the tier for their failure."""
    model: str | None
    """The model that would be called first."""
    reason: str
    score: float | None = None
    threshold: float | None = None
    router: str | None = None
    draft: bool = False
    """The answer would be held and checked."""
    would_ask: tuple[str, ...] = ()
    """Who would have to be asked before it is certain who answers: `classifier`,
    `embedding`, `second`, `judge`."""
    ruled_out: Mapping[str, str] = {}
    """Tier -> what it lacks."""
    input_tokens: int
    output_tokens: int
    costs: Mapping[str, int | None]
    """Tier -> what one answer there would cost."""


class _Open:
    """A gate that lets everything pass: nothing is known of how the providers are doing."""

    def may_call(self, _: ModelRef, __: float) -> bool:
        return True

    def may_retry(self, _: ModelRef, __: float) -> bool:
        return True

    def rests(self, _: ModelRef) -> bool:
        return False


class Forecaster:
    """Forecasts by the policies and prices of a configuration.

    Raises:
        ConfigError: a router cannot be read, or has no threshold.
    """

    def __init__(self, settings: Settings, book: Book, at: datetime) -> None:
        self._settings = settings
        self._book = book
        self._at = at
        self._policies = policies_of(settings, book, at.astimezone(UTC).date())
        self._dialects = {provider.name: provider.dialect for provider in settings.providers}

    def of(self, inbound: Inbound, origin: Origin) -> Forecast:
        """What would become of a request.

        Raises:
            UnknownModelError: it asks for a model that is not served.
        """
        ask, policies = inbound.ask, self._policies
        policy = policies.policy(ask, origin)
        decision: Decision | None
        barred: Mapping[str, str] = NOTHING
        if policy is None:
            decision = policies.pinned(ask.model)
        else:
            decision = policy.decide(ask, STEADY)
            barred = policies.guard.bars(ask)
        terms = Terms(
            tiers=policies.tiers,
            safe=policies.tiers[-1] if policy is None else policy.safe,
            limits=Limits(),
            gate=_Open(),
            jitter=lambda: 0.0,
            policy="" if policy is None else policy.name,
        )
        exchange = Exchange(terms, decision, barred)
        command = self._first(exchange, inbound)
        held = isinstance(command, Call) and command.held
        asked: list[str] = []
        model: str | None = None
        if isinstance(command, Classify) and policy is not None and policy.sorter is not None:
            asked = ["classifier" if policy.learned is None else "embedding"]
            model = str(policy.sorter.tier.model)
        if isinstance(command, Call):
            model = str(command.tier.model)
        if held and policy is not None and policy.cascade is not None:
            asked += ["second"] if policy.cascade.second else []
            asked += ["judge"] if policy.cascade.judge else []
        final = exchange.decision
        usage = Usage(
            input=ask.tokens, output=ask.max_output or self._settings.traffic.output_tokens
        )
        return Forecast(
            asked=ask.model,
            policy=exchange.policy,
            outcome=_outcome(command),
            tier=None if isinstance(command, Refuse) else exchange.tier.name,
            model=model,
            reason=final.reason if final is not None else asked[0] if asked else "classifier",
            score=final.score if final is not None else None,
            threshold=final.threshold if final is not None else None,
            router=final.router if final is not None else None,
            draft=held,
            would_ask=tuple(asked),
            ruled_out=exchange.barred,
            input_tokens=usage.input,
            output_tokens=usage.output,
            costs={tier.name: self._cost(tier, usage) for tier in policies.tiers},
        )

    def _first(self, exchange: Exchange, inbound: Inbound) -> Command:
        """The first command that would reach a provider; dialects that cannot carry it are out."""
        command = exchange.step(Start(), 0.0)
        while isinstance(command, Call):
            dialect = self._dialects.get(command.tier.model.provider)
            if dialect is None:
                break
            try:
                lane(inbound, dialect, at=0).passed()
            except RequestError:
                command = exchange.step(Failed("unsupported"), 0.0)
            else:
                break
        return command

    def _cost(self, tier: Tier, usage: Usage) -> int | None:
        listed = prices_of(self._settings, tier.model.provider)
        card = self._book.card(tier.model, self._at, prices_of=listed)
        return None if card is None else charge(card, usage)


def _outcome(command: Command) -> Literal["call", "ask classifier", "refuse"]:
    match command:
        case Call():
            return "call"
        case Classify():
            return "ask classifier"
        case _:
            return "refuse"
