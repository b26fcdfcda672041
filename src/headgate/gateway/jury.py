"""Judges a draft: the checks that need nobody, a second model, a learned verifier, a judge."""

from __future__ import annotations

from collections.abc import Sequence

from headgate.errors import RequestError, UpstreamError
from headgate.gateway.asking import Asking
from headgate.gateway.books import Books
from headgate.gateway.holding import hold
from headgate.gateway.plant import Plant
from headgate.gateway.record import estimated
from headgate.gateway.upstream import Reply
from headgate.routing.cascade import Cascade
from headgate.routing.checks import Finding, examine
from headgate.routing.checks.agreement import agreement
from headgate.routing.draft import Draft as Seen
from headgate.routing.judge import MAX_GRADE_TOKENS, grade, judging
from headgate.routing.tier import Tier
from headgate.routing.verifier import Verifier
from headgate.values import Draft
from headgate.wire.lane import Inbound, UnusableAnswerError, lane, wanted_of

__all__ = ["Jury"]


class Jury:
    """Judges the draft of one request."""

    def __init__(
        self, plant: Plant, inbound: Inbound, books: Books, asking: Asking, cascade: Cascade
    ) -> None:
        self._plant = plant
        self._inbound = inbound
        self._books = books
        self._asking = asking
        self._cascade = cascade
        self.reply: Reply | None = None
        """The second model's, while it is under way."""

    async def judge(self, draft: Draft, seconds: float) -> list[Finding]:
        """What was found, in order; the last finding is bad where the draft is rejected.

        Whoever is asked and fails to answer lets the draft pass or not, as the cascade says.
        """
        cascade, inbound, clock = self._cascade, self._inbound, self._plant.clock
        ends = clock.monotonic() + seconds
        findings = examine(cascade.checks, inbound.ask, wanted_of(inbound), draft)
        if cascade.second is not None and _all_good(findings):
            left = ends - clock.monotonic()
            findings.append(await self._agrees(draft, cascade.second, left))
        if cascade.verifier is not None and _all_good(findings):
            findings.append(self._verified(draft, cascade.verifier, findings))
        if cascade.judge is not None and _all_good(findings):
            left = ends - clock.monotonic()
            findings.append(await self._graded(draft, cascade.judge, left))
        return findings

    async def _agrees(self, draft: Draft, second: Tier, seconds: float) -> Finding:
        other = await self._second(second, seconds)
        if other is None:
            return Finding("agreement", self._cascade.open, kind="failed")
        share = agreement(draft, other)
        return Finding("agreement", share >= self._cascade.min_agreement, round(share, 3))

    def _verified(self, draft: Draft, verifier: Verifier, findings: Sequence[Finding]) -> Finding:
        """What a learned verifier makes of the draft and of what is known of it by now."""
        values = {finding.check: finding.value for finding in findings}
        seen = Seen(chars=len(draft.text), agreement=values.get("agreement"), logprob=draft.logprob)
        score = verifier.score(self._inbound.ask, seen)
        return Finding("verifier", score < verifier.threshold, round(score, 4))

    async def _graded(self, draft: Draft, judge: Tier, seconds: float) -> Finding:
        cascade = self._cascade
        words = judging(self._inbound.ask, draft, cascade.max_chars)
        found = await self._asking.ask(
            "judge", judge, words, seconds, grade, max_tokens=MAX_GRADE_TOKENS
        )
        if found is None:
            return Finding("judge", cascade.open, kind="failed")
        return Finding("judge", found >= cascade.min_grade, float(found))

    async def _second(self, tier: Tier, seconds: float) -> Draft | None:
        """What a second model answers to the same request; None where it fails."""
        plant, inbound = self._plant, self._inbound
        if seconds <= 0 or not plant.brakes.may_call(tier.model, plant.clock.monotonic()):
            return None
        provider = plant.providers[tier.model.provider]
        try:
            way = lane(inbound, provider.dialect, at=plant.clock.time())
            way.ease(plant.eased.get(tier.model, ()))
            body, passed = way.request(tier.model.model), way.passed()
        except RequestError:  # its dialect cannot carry the request
            return None
        attempt = self._books.begin("verifier", tier, "first")
        draft: Draft | None = None
        try:
            with plant.deadlines.within(seconds):
                endpoint = provider.endpoint(way.path, passed)
                reply = self.reply = await plant.upstream.send(endpoint, body)
                attempt.status = reply.status
                if 200 <= reply.status < 300:
                    draft = (await hold(plant, inbound, attempt, way, reply)).draft
                else:
                    await reply.read()
                    attempt.error = "status"
        except TimeoutError:
            attempt.error = "timeout"
            attempt.lost(estimated(inbound.ask, 0))
        except UpstreamError as error:
            attempt.error = error.kind
            if isinstance(error, UnusableAnswerError):
                attempt.measured(error.usage, estimated(inbound.ask, 0))
            elif attempt.status is not None:
                attempt.lost(estimated(inbound.ask, 0))
        self._books.close(attempt, served=False)
        return draft


def _all_good(findings: list[Finding]) -> bool:
    return all(finding.good for finding in findings)
