"""One request's place in its conversation: asked before each call, told of the answer."""

from __future__ import annotations

from collections.abc import Hashable

import msgspec

from headgate.gateway.record import Attempt
from headgate.routing.policy import Decision
from headgate.routing.session import Served, Session, Sessions, Talk
from headgate.values import ModelRef
from headgate.wire.drafts import RESPONSES
from headgate.wire.lane import Inbound, history_of

__all__ = ["Conversation", "conversation_of"]

ALL = 2**31
"""So many messages: the whole history."""


class Conversation(msgspec.Struct, frozen=True, gc=False):
    """A further turn of a conversation, or its first."""

    _sessions: Sessions
    _inbound: Inbound
    _at: float
    _talk: Talk
    _session: Session | None
    """What is remembered of it."""

    def decide(self, verdict: Decision | None, policy: str) -> Decision | None:
        """The decision for this turn, given the policy's own; None asks the classifier."""
        if self._session is None:
            return verdict
        return self._sessions.decide(self._session, self._talk, verdict, self._at, policy)

    def foreign(self, model: ModelRef) -> int:
        """How many messages at the history's beginning hold reasoning that `model` did not do."""
        session = self._session
        if session is None or session.model is None:
            return 0
        return session.foreign if session.model == model else ALL

    def answered(
        self,
        attempt: Attempt,
        decision: Decision | None,
        answer_id: str | None,
        *,
        rejected: bool = False,
    ) -> None:
        """An attempt has answered the request; a draft before it may have been rejected."""
        if decision is None or attempt.usage_source != "measured":
            return
        tier, session = attempt.tier, self._session
        moved = session is not None and session.model not in (None, tier.model)
        served = Served(
            tier,
            attempt.usage,
            chosen=tier is decision.tier,
            draft=not rejected if decision.draft else None,
            messages=history_of(self._inbound) if moved else 0,
            answer_id=answer_id if self._inbound.dialect == RESPONSES else None,
        )
        self._sessions.note(self._talk, served, decision.reason, attempt.began)


def conversation_of(
    sessions: Sessions, inbound: Inbound, owner: Hashable, at: float
) -> Conversation:
    """The conversation that a request belongs to.

    Args:
        sessions: the conversations of this process.
        inbound: the request.
        owner: keeps callers and policies apart.
        at: now, as a monotonic time in seconds.
    """
    talk = sessions.talk(inbound.ask, owner)
    session = None if talk.opening else sessions.live(talk, at)
    return Conversation(sessions, inbound, at, talk, session)
