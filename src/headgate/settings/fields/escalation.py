"""The settings of `[escalation]` and of `[escalation_budgets.NAME]`."""

from __future__ import annotations

from headgate.settings import watching
from headgate.settings.durations import DAY
from headgate.settings.fields.section import Field, Section
from headgate.settings.kinds import Choice, Duration, Number, Text

__all__ = ["ESCALATION", "ESCALATION_BUDGETS"]

ESCALATION = Section(
    "escalation",
    "How much may go to the premium tier.",
    watching.EscalationSettings,
    (
        Field(
            "rate",
            Number(0, 1),
            "Planned share of requests that the premium tier answers.",
        ),
        Field(
            "low",
            Number(0, 1),
            "Lower end of the interval that the rate was estimated with.",
            otherwise="no interval",
            example="0.15",
        ),
        Field(
            "high",
            Number(0, 1),
            "Upper end of that interval; the worst case takes it.",
            otherwise="the budget, else twice the rate",
            example="0.3",
        ),
        Field(
            "budget",
            Number(0, 1),
            "Share of requests on the premium tier above which the alarm is given.",
            otherwise="no budget",
            example="0.25",
        ),
        Field(
            "window",
            Duration(60, 366 * DAY, as_text=True),
            "The time that budget and rate are looked at over.",
        ),
        Field(
            "on_breach",
            Choice("alert", "hold", "pin"),
            "What a breach does besides the alert: hold the learned threshold so that the rate "
            "keeps to the budget, within what the certificate covers; or pin all routed traffic "
            "to the premium tier.",
        ),
        Field(
            "release",
            Choice("command", "all-clear"),
            "What ends a hold or a pin: `headgate escalation release`, or the alarm's end too.",
        ),
        Field(
            "release_after",
            Duration(60, 366 * DAY),
            "Time after which a hold or a pin ends in any case, and the watch begins anew.",
            otherwise="never by itself",
            example='"24h"',
        ),
    ),
)

ESCALATION_BUDGETS = Section(
    "escalation_budgets",
    "A budget of its own for one route, key or policy; besides the one of all requests.",
    watching.EscalationBudgetSettings,
    (
        Field(
            "budget",
            Number(0, 1),
            "Share of its requests on the premium tier above which its alarm is given.",
            example="0.4",
        ),
        Field(
            "match",
            Text(200),
            "Whose: the path that requests come in by, the id of their key, or the name of the "
            "policy that decides on them.",
            example='"/v1/messages"',
        ),
        Field(
            "kind",
            Choice("route", "key", "policy"),
            "Which of these it is.",
        ),
    ),
    shape="named",
    named_by="name",
)
