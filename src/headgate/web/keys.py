"""Keys and budgets: who may spend what, and what they have spent; keys are made and taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from headgate.access.key import Key, Team
from headgate.access.limits import Limits, worded
from headgate.errors import HeadgateError
from headgate.ledger.keys import Spending
from headgate.values import spent_of
from headgate.web.period import day_text
from headgate.web.templates import Templates
from headgate.web.visit import Answer, Visit, redirect

__all__ = ["KeyRing", "Keys", "Meter"]

FULL = 1000
"""Width of a budget's bar."""


class KeyRing(Protocol):
    """Where keys are looked at and handed out."""

    def keys(self) -> Sequence[Key]:
        """All keys, revoked ones too."""

    def teams(self) -> Sequence[Team]:
        """All teams."""

    def spent(self, scope: str, limits: Limits) -> Sequence[Spending]:
        """What a scope (`key:ID`, `team:NAME`) has spent in the present period of each budget."""

    def refused(self) -> Mapping[str, int]:
        """Requests refused since midnight (UTC), by key id; a key that is missing had none."""

    def create(self, name: str, team: str, budget: str, period: str) -> tuple[Key, str]:
        """A new key and its secret, which is never shown again.

        Raises:
            HeadgateError: a name or an amount is none.
        """

    def revoke(self, key_id: str) -> None:
        """Take a key back for ever.

        Raises:
            HeadgateError: there is no such key.
        """

    def rotate(self, key_id: str) -> tuple[Key, str]:
        """A new secret for a key; the old one is good for a day more.

        Raises:
            HeadgateError: there is no such key, or it has been revoked.
        """


class Meter(NamedTuple):
    """One budget: how much of it is gone."""

    text: str
    filled: int
    """Of `FULL`."""
    mood: str


class Keys:
    """The page at `/keys`.

    Args:
        ring: where keys are.
        templates: how it looks.
        now_us: the time, microseconds since 1970.
    """

    def __init__(self, ring: KeyRing, templates: Templates, now_us: Callable[[], int]) -> None:
        self._ring = ring
        self._templates = templates
        self._now_us = now_us

    def show(self, visit: Visit) -> Answer:
        """The keys; or, posted to, what was asked to be done with one."""
        if visit.method != "POST":
            return self._page(visit)
        try:
            match visit.form.get("act"):
                case "create":
                    form = visit.form
                    made = self._ring.create(
                        form.get("name", "").strip(),
                        form.get("team", "").strip(),
                        form.get("budget", "").strip(),
                        form.get("period", "month"),
                    )
                    return self._page(visit, secret=made)
                case "rotate":
                    return self._page(visit, secret=self._ring.rotate(visit.form.get("key", "")))
                case "revoke":
                    self._ring.revoke(visit.form.get("key", ""))
                    return redirect("/keys")
        except HeadgateError as error:
            return self._page(visit, problem=error)
        return redirect("/keys")

    def _page(
        self,
        visit: Visit,
        *,
        secret: tuple[Key, str] | None = None,
        problem: HeadgateError | None = None,
    ) -> Answer:
        now = self._now_us()
        everything = visit.query.get("all") == "1"
        keys = self._ring.keys()
        refused = self._ring.refused()
        rows = [
            {
                "key": key,
                "state": key.state(now),
                "made": day_text(key.created_us),
                "expires": "never" if key.expires_us is None else day_text(key.expires_us),
                "meters": self._meters(f"key:{key.id}", key.limits),
                "limits": "; ".join(worded(key.limits)),
                "refused": refused.get(key.id, 0),
            }
            for key in keys
            if everything or key.state(now) == "active"
        ]
        teams = [
            (
                team.name,
                self._meters(f"team:{team.name}", team.limits),
                "; ".join(worded(team.limits)),
            )
            for team in self._ring.teams()
        ]
        body = self._templates(
            "keys.html",
            title="Keys",
            csrf=visit.csrf,
            rows=rows,
            teams=teams,
            hidden=len(keys) - len(rows),
            everything=everything,
            secret=secret,
            problem=None if problem is None else (problem.message, problem.fix or ""),
            form=visit.form if problem is not None else {},
            full=FULL,
        )
        return Answer(body, status=200 if problem is None else problem.status)

    def _meters(self, scope: str, limits: Limits) -> list[Meter]:
        if not limits.budgets:
            return []
        spent = {one.account.period: one for one in self._ring.spent(scope, limits)}
        meters = []
        for budget in limits.budgets:
            one = spent.get(budget.period)
            nano = 0 if one is None else one.spent
            share = nano / budget.nano if budget.nano else 1.0
            meters.append(
                Meter(
                    f"{' of '.join(spent_of(nano, budget.nano))} a {budget.period}",
                    min(round(share * FULL), FULL),
                    "bad" if share >= 1 else "near" if share >= 0.8 else "",
                )
            )
        return meters
