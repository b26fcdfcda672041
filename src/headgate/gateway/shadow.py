"""Shadow sampling: a share of cheap answers is held against premium's, after they went out.

The rules of the file:
- Which requests are sampled is drawn before anything is known of them; never by their content.
- No caller waits for it: it begins when the answer is complete, and its faults stay its own.
- It is given up where the gateway is busy, premium is failing, or the day's money is spent.
- Every call is a row of the ledger with the purpose `shadow`, without the caller's key: who asked
  does not pay for the watch.
- Neither the request nor an answer is kept; what remains is two grades.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import msgspec

from headgate.gateway.caller import Caller
from headgate.gateway.plant import Plant
from headgate.gateway.sampled import Sampled
from headgate.gateway.served import Served
from headgate.gateway.trial import DayPurse, Trial, UndecidedError
from headgate.ledger.event import Event
from headgate.monitor.quality import Comparison, comparison_event
from headgate.routing.features import CATEGORY_HEADER
from headgate.routing.tier import Tier

__all__ = ["Shadow"]

log = logging.getLogger("headgate.watch")


class Shadow:
    """Draws the sample and makes the comparisons, each in a task of its own.

    Args:
        plant: called for what requests share now, which a reload may replace.
        judge: the model that grades, dressed as a tier.
        rate: share of cheap-served routed requests that is sampled, 0..1.
        purse: the day's money.
        dice: numbers in [0, 1).
        note: keeps an event; called from the event loop, must not block, never raises.
        most: comparisons under way at once; one more is given up.
    """

    def __init__(
        self,
        plant: Callable[[], Plant],
        *,
        judge: Tier,
        rate: float,
        purse: DayPurse,
        dice: Callable[[], float],
        note: Callable[[Event], None],
        most: int = 8,
    ) -> None:
        self._plant = plant
        self._judge = judge
        self.rate = rate
        self._purse = purse
        self._dice = dice
        self._note = note
        self._most = most
        self._tasks: set[asyncio.Task[None]] = set()
        self.given_up = 0
        """Sampled requests that were not compared because too many were under way."""

    def sample(self, caller: Caller) -> Sampled | None:
        """The caller with an ear to the answer, for a request that is drawn; else None."""
        return Sampled(caller) if self.rate > 0 and self._dice() < self.rate else None

    def take(self, sampled: Sampled, served: Served) -> None:
        """A drawn request is over: compare it in the background, if the cheap tier has answered."""
        whole = sampled.status == 200 and sampled.answer and not sampled.too_long
        if not whole or served.tier.premium or not served.decision.routed:
            return
        if len(self._tasks) >= self._most:
            self.given_up += 1
            return
        task = asyncio.ensure_future(self._compare(sampled, served))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finished(self) -> None:
        """Wait for the comparisons under way."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))

    async def close(self) -> None:
        """Give up what is under way."""
        for task in tuple(self._tasks):
            task.cancel()
        await self.finished()

    async def _compare(self, sampled: Sampled, served: Served) -> None:
        plant = self._plant()
        trial = Trial(plant, served, self._judge, self._purse)
        found = Comparison(
            request_id=served.request_id,
            at_us=int(plant.clock.time() * 1e6),
            outcome="failed",
            rate=self.rate,
            route=served.origin.path,
            policy=served.policy,
            key=served.origin.key,
            category=served.inbound.ask.headers.get(CATEGORY_HEADER),
            router=served.decision.router,
            score=served.decision.score,
            cheap_model=str(served.tier.model),
            premium_model=str(plant.premium.model),
            judge=str(self._judge.model),
        )
        try:
            verdict = await trial.verdict(sampled)
            found = msgspec.structs.replace(
                found,
                outcome="decided",
                cheap=verdict.grades.cheap,
                premium=verdict.grades.premium,
                swung=verdict.swung,
            )
        except UndecidedError as why:
            found = msgspec.structs.replace(found, outcome=why.outcome)
        except Exception:  # a defect here must not reach a caller, who has been served
            log.exception("a defect in headgate, please report it: comparing %s", served.request_id)
            return
        self._note(comparison_event(msgspec.structs.replace(found, cost_nano=trial.cost)))
