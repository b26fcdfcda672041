"""One policy: rules first, then a learned router; what is left is for a model, or the default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from headgate.routing.cascade import Cascade
from headgate.routing.classifier import MAX_ANSWER_TOKENS
from headgate.routing.controls import STEADY, Controls
from headgate.routing.learned import Learned
from headgate.routing.rules import Rule
from headgate.routing.tier import Tier
from headgate.values import Ask

__all__ = ["AUTO", "CASCADE", "HELD", "PINNED_BY_WATCH", "Decision", "Policy", "Sorter"]

AUTO = "auto"
"""What a caller asks for to be routed, and the name of the policy that does it."""

PINNED_BY_WATCH = "pinned-by-watch"
"""Reason of a decision that the watch has taken out of the policy's hands."""

HELD = "held"
"""Reason of a decision that only the watch's threshold, not the router's own, leads to."""


CASCADE = "cascade"
"""Reason of a decision for a tier whose answer is a draft."""


class Decision(msgspec.Struct, frozen=True):
    """A tier and why: what the response headers and the ledger say.

    `score` is the decider's own number between 0 (cheapest) and 1 (premium), where it gave one,
    and `threshold` the score from which it sends a request to premium. `routed` is False when the
    caller chose the tier; only then is there no `policy`. `router` is the version of the learned
    router that scored.
    """

    tier: Tier
    reason: str
    score: float | None = None
    routed: bool = True
    policy: str = ""
    threshold: float | None = None
    router: str | None = None
    draft: bool = False
    """The tier's answer is a draft: it is held and checked, and premium answers if it fails."""
    trace: Mapping[str, object] | None = None
    """What else there is to say of the way to it, for the ledger."""


class Sorter(msgspec.Struct, frozen=True, kw_only=True):
    """The classifier model: dressed as a tier, what it is shown, and how long it may take.

    For a router that needs embeddings it is the model that makes them.
    """

    tier: Tier
    max_chars: int = 8000
    timeout: float = 3.0
    max_answer_tokens: int = MAX_ANSWER_TOKENS


class Policy:
    """Decides where a request starts; None from `decide` means that a model is asked.

    Args:
        tiers: from cheapest to premium, at least one.
        name: what the ledger calls it; callers ask for `auto`, or for `auto:NAME`.
        rules: tried in order; the first that holds decides.
        learned: scores what no rule decides; below its threshold `default` answers. One that needs
            embeddings decides nothing by itself: the sorter is asked, and `scored` decides.
        default: the tier when nothing else decides; None leaves that to the classifier model.
        sorter: the classifier model; needed where `default` is None or embeddings are.
        safe: the tier that answers when the classifier fails; the premium one unless given.
        cascade: what `default` answers is a draft, and this says how it is judged.
        grey_from: scores below this one are answered by `default` without a judgement.
    """

    def __init__(
        self,
        tiers: Sequence[Tier],
        *,
        name: str = AUTO,
        rules: Sequence[Rule] = (),
        learned: Learned | None = None,
        default: str | None,
        sorter: Sorter | None = None,
        safe: str | None = None,
        cascade: Cascade | None = None,
        grey_from: float = 0.0,
    ) -> None:
        by_name: Mapping[str, Tier] = {tier.name: tier for tier in tiers}
        self.name = name
        self.premium = tiers[-1]
        self.safe = tiers[-1] if safe is None else by_name[safe]
        self.sorter = sorter
        self.learned = learned
        self.cascade = cascade
        self._grey_from = grey_from
        # the decisions that are the same for every request are made here
        self._pinned = Decision(self.premium, PINNED_BY_WATCH, policy=name)
        self._rules = tuple(
            (rule, Decision(by_name[rule.tier], f"rule:{rule.name}", policy=name)) for rule in rules
        )
        self._default = None if default is None else by_name[default]
        self._settled: Decision | None = None
        self._drafted: Decision | None = None
        if self._default is not None:
            self._settled = Decision(self._default, "default", policy=name)
            self._drafted = Decision(self._default, CASCADE, policy=name, draft=True)

    def decide(self, ask: Ask, controls: Controls = STEADY) -> Decision | None:
        """The decision that can be taken without asking anybody, or None."""
        if controls.pinned:
            return self._pinned
        for rule, decision in self._rules:
            if rule.holds(ask):
                return decision
        learned = self.learned
        if learned is not None:
            if learned.embedding is not None:
                return None
            return self._decided(learned, ask, learned.score(ask), controls)
        return self._drafted if self._drafts(ask) else self._settled

    def scored(
        self, ask: Ask, controls: Controls = STEADY, vector: Sequence[float] = ()
    ) -> Decision:
        """The learned router's decision; `vector` is the request's embedding, if it needs one.

        Raises:
            ValueError: the embedding does not fit the router.
        """
        assert self.learned is not None  # noqa: S101 - only such policies are asked
        return self._decided(self.learned, ask, self.learned.score(ask, vector), controls)

    def _drafts(self, ask: Ask) -> bool:
        """Whether the answer to a request may be held and judged."""
        return self.cascade is not None and (self.cascade.hold or not ask.stream)

    def _decided(self, learned: Learned, ask: Ask, score: float, controls: Controls) -> Decision:
        own, moved = learned.threshold, controls.threshold
        threshold = own if moved is None else moved
        tier = self.premium if score >= threshold else self._default
        assert tier is not None  # noqa: S101 - a learned router always has a tier below
        reason = "router" if (score >= own) == (score >= threshold) else HELD
        draft = self._grey_from <= score < threshold and self._drafts(ask)
        if draft and reason != HELD:
            reason = CASCADE
        return Decision(tier, reason, score, True, self.name, threshold, learned.version, draft)
