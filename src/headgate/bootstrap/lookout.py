"""The watch of a gateway: a thread that looks, raises alarms, acts and has people told.

It reads through a connection of its own. Of the processes on one ledger one is elected to look; all
of them follow its actions, for an action is nothing but an event in the ledger, which is why it
holds after a restart too. A look takes the interpreter for as long as it reckons, so the process
that serves only follows (`bootstrap.follower`), and the one beside it looks (`cli.sidecar`).
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import takewhile

import msgspec

from headgate.bootstrap.alerts import channels_of
from headgate.bootstrap.follower import Follower, controls_of
from headgate.bootstrap.ledger import password_of, store_of
from headgate.bootstrap.watch import Watch
from headgate.ledger.election import Election, election_of
from headgate.ledger.event import Event
from headgate.ledger.store import Outcome, Store
from headgate.monitor.actions import Held, Release, act, release
from headgate.monitor.alerting import Rules, due, news_of, quiet_of
from headgate.monitor.conditions import Condition, conditions
from headgate.monitor.courier import Courier
from headgate.monitor.gauges import Values, gauges, silence
from headgate.monitor.standing import KINDS, Action, Standing, standing
from headgate.monitor.status import Status, bill_window
from headgate.prices.book import Book
from headgate.routing.controls import Controls, Helm
from headgate.settings.schema import Settings
from headgate.values import Clock

__all__ = [
    "Lookout",
    "action_event",
    "lookout_of",
    "release_event",
]

_log = logging.getLogger("headgate.watch")

BILL_DAYS = 30
MONEY_SECONDS = 3600.0
"""Sums of money, and with them the break-evens, are made anew every hour."""
REST_SECONDS = 0.0002
"""Between two pieces of a look, in a process that serves."""
_FIXED = ("escalation", "escalation_budgets", "watch", "alerts")
"""Sections that a reload does not change."""


class Lookout(Follower):
    """Looks again and again once it is started, and follows too; `tick` is one turn.

    Args:
        settings: budget, actions, alerts.
        book: the prices that the plan and the break-evens are computed at.
        open_store: a connection to the ledger that nobody else uses; called in the thread.
        election: says whether this process looks, or another one.
        steer: puts controls in force for every decision from now on.
        show: is told what was found, as the metrics' gauges.
        courier: made for a function that keeps events.
        clock: the time.
        count: done at every turn; the place of what a process counts of its own requests.
        rest: of a process that serves: lets it, after every few outcomes that are read.
    """

    def __init__(
        self,
        settings: Settings,
        book: Book,
        *,
        open_store: Callable[[], Store],
        election: Election,
        steer: Callable[[Controls], None],
        show: Callable[[Values], object],
        courier: Callable[[Callable[[Sequence[Event]], object]], Courier],
        clock: Clock,
        count: Callable[[], object] | None = None,
        rest: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(open_store=open_store, steer=steer, clock=clock, count=count)
        self._settings = settings
        self._book = book
        self._election = election
        self._show = show
        self._rest = rest
        escalation, alerts = settings.escalation, settings.alerts
        after = escalation.release_after
        self._release = Release(
            on_clear=escalation.release == "all-clear",
            after_us=None if after is None else round(after * 1_000_000),
        )
        self._rules = Rules(
            least=alerts.least,
            repeat_us=round(alerts.repeat * 1_000_000),
            quiet=quiet_of(alerts.quiet, alerts.timezone),
        )
        self._watch: Watch | None = None
        self._next: tuple[Settings, Book] | None = None
        self._make_courier = courier
        self._courier: Courier | None = None
        self._seen: dict[str, int] = {}
        self._looked = float("-inf")

    def adopt(self, settings: Settings, book: Book) -> None:
        """Watch a changed configuration from the next turn on: its routers, tiers and prices.

        Budgets, actions and alerts stay those of the start, as they wait for a restart.
        """
        kept = {name: getattr(self._settings, name) for name in _FIXED}
        self._next = (msgspec.structs.replace(settings, **kept), book)

    def _let_go(self) -> None:
        """Another process may be elected; the courier notes what became of the last alerts."""
        self._election.close()
        if self._courier is not None:
            self._courier.close()
        super()._let_go()

    def tick(self) -> None:
        """Count, follow and look, each where it is due. Never raises."""
        super().tick()
        self._heed(self._look_when_due)

    def _look_when_due(self) -> None:
        if self._next is not None:
            (self._settings, self._book), self._next = self._next, None
            self._watch = None
        now = self._clock.monotonic()  # the time of day may be set back
        if now - self._looked >= self._settings.watch.every:
            self._looked = now
            if self._election.leads():
                self._look(self._clock.time())
            else:
                self._stand_by()

    def _stand_by(self) -> None:
        """Another process looks; what was found here long ago is told no more."""
        if self._watch is not None:
            self._watch = None
            self._show(silence())

    def _look(self, now: float) -> None:
        store = self._opened()
        if self._watch is None:
            self._watch = Watch(
                store,
                self._settings,
                self._book,
                follow=lambda outcomes: takewhile(self._goes_on, outcomes),
                money_every=MONEY_SECONDS,
                rest=self._rest,
            )
        at_us = int(now * 1_000_000)
        status = self._watch.look(datetime.fromtimestamp(now, UTC), bill_window(at_us, BILL_DAYS))
        before, held = self._watch.standing, self._watch.held()
        found = conditions(status, worst_retry_rate=self._settings.plan.worst_retry_rate)
        after, action = self._act(status, before, held, at_us)
        events = [*self._news(found, before, held, at_us), *after]
        if events:
            store.note(events)
            for event in events:
                _log.warning("%s %s %s", event.kind, event.subject, event.detail)
            status = _with_action(status, action)
            self._steer(controls_of(action))
        self._show(gauges(status))
        self._tell(store, found, at_us)

    def _goes_on(self, _: Outcome) -> bool:
        """A first look may read millions of rows; the end of the process does not wait for it."""
        return not self._closing.is_set()

    def _act(
        self, status: Status, before: Standing, held: Held, at_us: int
    ) -> tuple[list[Event], Action | None]:
        """Events of what begins or ends now, and the action in force after them."""
        alarm_us = status.escalation.alarm_us
        why = release(before.action, self._release, alarm_us, at_us)
        if why is not None and before.action is not None:
            return [release_event(before.action, at_us, by="watch", why=why)], None
        action = act(self._settings.escalation.on_breach, alarm_us, before, held, at_us)
        if action is None:
            return [], before.action
        why = held.why if action.kind == "hold" else "the budget is breached"
        return [action_event(action, why)], action

    def _news(
        self, found: Sequence[Condition], before: Standing, held: Held, at_us: int
    ) -> list[Event]:
        self._seen |= {condition.subject: at_us for condition in found}
        for subject in before.alarms:
            self._seen.setdefault(subject, at_us)
        raised, cleared = news_of(found, before, self._seen, at_us)
        return [
            *(_raised(condition, self._answer(condition, held), at_us) for condition in raised),
            *(_cleared(subject, before.alarms[subject], at_us) for subject in cleared),
        ]

    def _answer(self, condition: Condition, held: Held) -> str:
        """What is done about an alarm, for its event."""
        if condition.subject != "escalation":
            return "alert"
        on_breach = self._settings.escalation.on_breach
        if on_breach == "hold" and held.threshold is None:
            return f"no hold: {held.why}"
        return on_breach

    def _tell(self, store: Store, found: Sequence[Condition], at_us: int) -> None:
        if self._courier is None:
            self._courier = self._make_courier(store.note)
        now = standing(store.events(kinds=KINDS))
        for alert in due(found, now, self._rules, at_us):
            self._courier.take(alert)


def lookout_of(
    settings: Settings,
    book: Book,
    env: Mapping[str, str],
    *,
    clock: Clock,
    show: Callable[[Values], object],
    helm: Helm | None = None,
    store: Store | None = None,
    count: Callable[[], object] | None = None,
) -> Lookout:
    """The watch of a gateway.

    Args:
        helm: of a process that serves: it is put to what the actions say.
        store: the ledger, where there is but one of it, in memory.

    Raises:
        ConfigError: a secret of the alerts is missing, or the ledger cannot be used.
    """
    channels = channels_of(settings.alerts, env, settings.egress)
    url = settings.ledger.url

    def open_own() -> Store:
        return store_of(settings.ledger, env) if store is None else store

    def steer(controls: Controls) -> None:
        if helm is not None:
            helm.controls = controls

    return Lookout(
        settings,
        book,
        open_store=open_own,
        election=election_of(url, password=password_of(settings.ledger, env)),
        steer=steer,
        show=show,
        courier=lambda note: Courier(channels, note, clock),
        clock=clock,
        count=count,
        rest=None if helm is None else partial(time.sleep, REST_SECONDS),
    )


def action_event(action: Action, why: str) -> Event:
    """The event that puts an action in force; for one alarm there is but one."""
    made_by = action.since_us if action.alarm_us is None else action.alarm_us
    return Event(
        id=f"action/{action.kind}/{action.by}/{made_by}",
        at_us=action.since_us,
        kind=f"action.{action.kind}",
        subject="routing",
        detail=json.dumps(
            {
                "by": action.by,
                "why": why,
                "threshold": action.threshold,
                "alarm_us": action.alarm_us,
            }
        ),
    )


def release_event(action: Action, at_us: int, *, by: str, why: str) -> Event:
    """The event that ends an action; it ends once."""
    return Event(
        id=f"action/release/{action.since_us}",
        at_us=at_us,
        kind="action.release",
        subject="routing",
        detail=json.dumps({"by": by, "why": why, "action": action.kind}),
    )


def _raised(condition: Condition, answer: str, at_us: int) -> Event:
    return Event(
        id=f"alarm/{condition.subject}/{condition.since_us}",
        at_us=at_us,
        kind="alarm.raised",
        subject=condition.subject,
        detail=json.dumps(
            {
                "since_us": condition.since_us,
                "level": condition.level,
                "title": condition.title,
                "text": condition.text,
                "answer": answer,
            },
            ensure_ascii=False,
        ),
    )


def _cleared(subject: str, since_us: int, at_us: int) -> Event:
    return Event(
        id=f"clear/{subject}/{since_us}",
        at_us=at_us,
        kind="alarm.cleared",
        subject=subject,
        detail=json.dumps({"since_us": since_us}),
    )


def _with_action(status: Status, action: Action | None) -> Status:
    return msgspec.structs.replace(status, action=action)
