"""The books of a request that is passed through: what it may cost, its attempts, what they cost."""

from __future__ import annotations

from collections.abc import Mapping

from headgate.gateway.books import complain
from headgate.gateway.driver import REFERENCE
from headgate.gateway.gate import NOBODY, Visitor
from headgate.gateway.plant import Plant
from headgate.gateway.record import TAGS_HEADER, Attempt
from headgate.ledger.entry import Entry, Purpose
from headgate.prices.card import Card
from headgate.prices.charge import charge_media, charge_untold
from headgate.routing.policy import AUTO
from headgate.routing.session import SESSION_HEADER
from headgate.routing.tier import PINNED, Tier
from headgate.values import ModelRef, Usage, usd
from headgate.wire.lane import DIALECTS
from headgate.wire.passed import EMBEDDINGS, Listener, Passed, Told, told

__all__ = ["DIALECT", "PassageBooks"]

DIALECT = "openai"
"""Of all that is passed through."""


class PassageBooks:
    """What one request may cost, what was tried for it, and what that has cost.

    Args:
        plant: where prices and the ledger are.
        asked: the request.
        model: that answers it.
        request_id: what ties its rows together.
        path: where it came in.
        headers: that came with it.
        visitor: who sent it.
    """

    def __init__(
        self,
        plant: Plant,
        asked: Passed,
        model: ModelRef,
        request_id: str,
        path: str,
        headers: Mapping[str, str],
        visitor: Visitor = NOBODY,
    ) -> None:
        self._plant = plant
        self._asked = asked
        self._request_id = request_id
        self._path = path.rstrip("/")
        self._headers = headers
        self._visitor = visitor
        self._purpose: Purpose = "embedding" if asked.kind is EMBEDDINGS else "passed"
        self._attempts = 0
        self._spent: int | None = 0
        """Nano-USD over all attempts; None once one is unpriced."""
        self._open: Attempt | None = None
        """The attempt under way."""
        self._last: Attempt | None = None
        self._told = Told()
        self.listener: Listener | None = None
        """Hears what a stream says of its tokens."""
        self.streams = False
        """The answer goes to the caller as it comes."""
        self.model = model
        self.tokens = asked.tokens
        """Estimated input tokens."""
        self.outputs = asked.outputs
        """How many answers are billed."""

    # ---- before a call

    def priced(self) -> bool:
        """Whether its model has any price now."""
        return self._card() is not None

    def foreseeable(self) -> bool:
        """Whether what it costs will be known, if the provider answers as its API says."""
        card, asked = self._card(), self._asked
        if card is None:
            return False
        if asked.kind.text_only or charge_untold(card) is not None:
            return True
        read, made = int(asked.kind.reads_media), int(asked.kind.makes_media)
        likely = charge_media(card, Usage(input=1, output=1), read, made)
        return asked.tells and likely is not None

    def _card(self) -> Card | None:
        return self._plant.pricer.card(self.model, int(self._plant.clock.time() * 1e6))

    # ---- a call

    @property
    def last(self) -> Attempt:
        """The last attempt that was begun."""
        assert self._last is not None  # noqa: S101 - asked for once a call was made
        return self._last

    def begin(self, tier: Tier, cause: str) -> Attempt:
        """An attempt is about to be sent."""
        clock = self._plant.clock
        attempt = self._open = self._last = Attempt(
            self._attempts, self._purpose, tier, cause, int(clock.time() * 1e6), clock.monotonic()
        )
        self._attempts += 1
        return attempt

    def hear(self, attempt: Attempt, answer: bytes) -> None:
        """Take what an answer in JSON says of its bill."""
        self._told = told(self._asked.kind, answer)
        attempt.measured(self._told.usage, Usage(input=self.tokens))
        attempt.model_answered = self._told.model

    def lost(self, attempt: Attempt) -> None:
        """Its answer never came, and may be billed."""
        attempt.measured(None, Usage(input=self.tokens))

    def leave(self, why: str) -> None:
        """Write down what is under way, if anything is: it ended early on this side."""
        if self._open is not None:
            self.close(self._open, why, served=self.streams, aborted=True)

    def close(
        self, attempt: Attempt, error: str | None, *, served: bool = False, aborted: bool = False
    ) -> None:
        """Write an attempt down.

        No tier answers such a request, so the all-premium baseline pays for it the same.
        """
        plant, model, began = self._plant, attempt.tier.model, attempt.began
        self._open, attempt.error = None, error
        if self.listener is not None:
            self._told = self.listener.told()
            attempt.model_answered = self._told.model
        if self.streams or aborted:
            attempt.measured(self._told.usage, Usage(input=self.tokens))
        card, cost = self._price(attempt)
        self._spent = None if self._spent is None or cost is None else self._spent + cost
        if error is not None:
            complain(self._request_id, attempt)
        first_token, headers = attempt.first_token, self._headers
        # By position, as `books` does it and for its reasons: by name it takes eight times as long.
        asked = (
            self._request_id,
            attempt.number,
            attempt.at_us,
            self._purpose,
            DIALECT,
            plant.providers[model.provider].dialect,
            self._path,
            self._asked.model or AUTO,
            False,  # nobody decided
            attempt.tier.name,
            False,  # it is not the premium tier
            model.provider,
            model.model,
            PINNED,
            attempt.cause,
            served,
            int((plant.clock.monotonic() - began) * 1e6),
        )
        came_of_it = (
            attempt.model_answered,
            None,  # no score
            attempt.status,
            error,
            self.streams,
            aborted,
            attempt.usage,
            attempt.usage_source,
            card,
            cost,
            cost,  # all premium would have cost the same
            None if first_token is None else int((first_token - began) * 1e6),
            None,  # no wait for the decision
            self._visitor.key_id,
            self._visitor.team_name,
            "",  # no policy
            None,  # no router
            None,  # no category
            None,  # no trace
            headers.get(SESSION_HEADER),
            headers.get(TAGS_HEADER),
            plant.config,
        )
        plant.recorder.record(Entry(*(asked + came_of_it)))

    def _price(self, attempt: Attempt) -> tuple[str | None, int | None]:
        """The card's id and what the attempt cost on it, in nano-USD; None: not known."""
        usage, source = attempt.usage, attempt.usage_source
        if self._asked.kind.text_only or source == "none":
            return attempt.price(self._plant.pricer, self.model)[:2]
        card = self._plant.pricer.card(self.model, attempt.at_us, usage.service_tier)
        if card is None:
            return None, None
        said = self._told
        if source != "measured" or said.beside:
            return card.id, charge_untold(card)
        return card.id, charge_media(card, usage, said.other_input, said.other_output)

    # ---- what the caller hears

    def headers(self, *, final: bool) -> list[tuple[str, str]]:
        """Who answered, and after how many calls; the cost only where it is final and known."""
        headers = [
            ("x-headgate-request-id", self._request_id),
            (DIALECTS[DIALECT].request_id, self._request_id),
            ("x-headgate-model", str(self.model)),
            ("x-headgate-attempts", str(self._attempts)),
        ]
        if final and self._spent is not None:
            headers.append(("x-headgate-cost-usd", usd(self._spent)))
        if self._last is not None and self._last.reference is not None:
            headers.append((REFERENCE, self._last.reference))
        return headers
