"""What the watch is told must fit: the budgets, what a breach does, the alerts, the judge."""

from __future__ import annotations

from urllib.parse import urlsplit

from headgate.settings.deciders import AUTO
from headgate.settings.document import Path
from headgate.settings.draft import Draft
from headgate.settings.fields import ESCALATION, ESCALATION_BUDGETS, default
from headgate.settings.forms import is_loopback, split_address
from headgate.settings.places import in_effect
from headgate.settings.redaction import shown

__all__ = ["check_watch"]

_MAIL = ("smtp", "smtp_security", "smtp_user", "smtp_password_env", "mail_from", "mail_to")


def check_watch(draft: Draft) -> None:
    """Note the faults and warnings of `escalation`, `escalation_budgets`, `alerts`, `quality`."""
    _check_escalation(draft)
    _check_escalation_budgets(draft)
    _check_alerts(draft)
    _check_quality(draft)


def _check_escalation(draft: Draft) -> None:
    rate = draft.values.get(("escalation", "rate"), default(ESCALATION, ESCALATION.fields[0]))
    budget = draft.values.get(("escalation", "budget"))
    for key, wrong in (("low", float.__gt__), ("high", float.__lt__)):
        end = draft.values.get(("escalation", key))
        if isinstance(end, float) and isinstance(rate, float) and wrong(end, rate):
            draft.fault(
                ("escalation", key),
                f"The interval does not hold the rate of {rate:g}: its {key} end is {end:g}.",
                "Give ends that the rate lies between, or take them out.",
            )
    if isinstance(rate, float) and isinstance(budget, float) and budget < rate:
        draft.warn(
            ("escalation", "budget"),
            f"The budget of {budget:g} is below the planned rate of {rate:g}: the plan itself "
            "breaches it.",
            "Raise the budget above the rate, or plan for a lower rate.",
        )
    _check_hold(draft)


def _check_hold(draft: Draft) -> None:
    """A hold raises a router's threshold: there must be a router, and room above its threshold."""
    if draft.values.get(("escalation", "on_breach")) != "hold":
        return
    deciders: list[tuple[str, ...]] = [("classifier",)]
    deciders += [("policies", name) for name in draft.names("policies")]
    routers = [table for table in deciders if (*table, "router") in draft.values]
    if not routers:
        draft.warn(
            ("escalation", "on_breach"),
            "There is no learned router, so a breach finds no threshold to hold.",
            'Decide by a learned router, or write on_breach = "pin" or "alert".',
        )
    elif not any((*table, "threshold") in draft.given for table in routers):
        draft.warn(
            ("escalation", "on_breach"),
            "The router decides at its certificate's threshold, which is the highest that keeps "
            "the promise: a breach finds no room to hold it higher.",
            "Set a threshold below the certificate's, so that a hold can rise to it, or write "
            'on_breach = "pin" or "alert".',
        )


def _check_escalation_budgets(draft: Draft) -> None:
    policies = [AUTO, *draft.names("policies")]
    seen: set[tuple[object, object]] = set()
    for name in draft.names("escalation_budgets"):
        table: Path = ("escalation_budgets", name)
        match = draft.values.get((*table, "match"))
        whose = (in_effect(draft, ESCALATION_BUDGETS, table, "kind"), match)
        if whose[0] == "policy" and isinstance(match, str) and match not in policies:
            draft.fault(
                (*table, "match"),
                f"There is no policy {shown(match)}.",
                f"{draft.guess(match, policies)}The policies are {', '.join(policies)}.",
            )
        if match is not None and whose in seen:
            draft.fault(
                (*table, "match"), f"{shown(match)} has a budget already.", "Take one of them out."
            )
        seen.add(whose)


def _check_alerts(draft: Draft) -> None:
    """Mail needs all of its parts; whatever carries a secret is encrypted, or stays here."""
    values = {key: draft.values.get(("alerts", key)) for key in _MAIL}
    missing = [key for key in ("smtp", "mail_from", "mail_to") if values[key] is None]
    if missing and len(missing) < 3:
        draft.fault(
            ("alerts",),
            f"Mail needs {' and '.join(missing)} too.",
            "Give smtp, mail_from and mail_to, or none of them.",
        )
    if (values["smtp_user"] is None) != (values["smtp_password_env"] is None):
        draft.fault(
            ("alerts", "smtp_user"),
            "To sign in takes a user and a password.",
            "Give smtp_user and smtp_password_env, or none of them.",
        )
    address = split_address(str(values["smtp"])) if values["smtp"] else None
    local = address is None or is_loopback(address[0])
    if values["smtp_security"] == "none" and values["smtp_password_env"] and not local:
        draft.fault(
            ("alerts", "smtp_security"),
            "The password would go over the network unencrypted.",
            'Use "starttls" or "tls".',
        )
    url = draft.values.get(("alerts", "webhook_url"))
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts and parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        draft.warn(
            ("alerts", "webhook_url"),
            "Alerts would go over the network unencrypted: the URL is http, not https.",
            "Use https, or an address of this machine.",
        )
    if ("alerts", "webhook_secret_env") in draft.given and url is None:
        draft.warn(
            ("alerts", "webhook_secret_env"),
            "There is no webhook whose posts could be signed.",
            "Set webhook_url, or take it out.",
        )


def _check_quality(draft: Draft) -> None:
    rate = draft.values.get(("quality", "shadow_rate"), 0.0)
    judged = ("quality", "judge") in draft.given
    if rate and not judged:
        draft.fault(
            ("quality", "shadow_rate"),
            "Nobody is named who would compare the answers.",
            'Name a model, as in judge = "openai/gpt-6.1-terra".',
        )
    elif judged and not rate:
        draft.warn(
            ("quality", "judge"),
            "No request is sampled, so the judge is never asked.",
            "Set shadow_rate, such as 0.02, or take the judge out.",
        )
