"""The shape of the sections that watch: `[escalation]`, `[watch]`, `[alerts]`, `[quality]`."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = [
    "AlertSettings",
    "EscalationBudgetSettings",
    "EscalationSettings",
    "QualitySettings",
    "WatchSettings",
]


class EscalationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[escalation]`: how much may go to the premium tier."""

    rate: float = 0.20
    low: float | None = None
    high: float | None = None
    """The interval of the estimate; `high` is the worst case's rate."""
    budget: float | None = None
    window: str = "7d"
    on_breach: Literal["alert", "hold", "pin"] = "alert"
    release: Literal["command", "all-clear"] = "command"
    """What ends a hold or a pin."""
    release_after: float | None = None
    """Seconds after which it ends in any case; None: never by itself."""


class EscalationBudgetSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[escalation_budgets.NAME]`: a budget of its own, for one route, key or policy."""

    name: str
    budget: float
    match: str
    """The route's path, the key's id or the policy's name."""
    kind: Literal["route", "key", "policy"] = "route"


class WatchSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[watch]`: what the gateway watches while it serves."""

    live: bool = True
    every: float = 10.0
    """Seconds between two looks at what is new in the ledger."""
    drift_factor: float = 1.5
    """How much more, or less, of the traffic a part of the certificate's sample may become."""
    otel: bool = False
    """Send spans and metrics by OpenTelemetry's protocol."""


class AlertSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[alerts]`: who is told, and how often."""

    webhook_url: str | None = None
    webhook_secret_env: str | None = None
    """Name of the variable with the secret that the webhook's bodies are signed with."""
    slack_url_env: str | None = None
    """Name of the variable with the incoming webhook's URL, which is a secret."""
    smtp: str | None = None
    """`host:port` of the mail server."""
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str | None = None
    smtp_password_env: str | None = None
    mail_from: str | None = None
    mail_to: str | None = None
    """Addresses, separated by commas."""
    least: Literal["warning", "critical"] = "warning"
    repeat: float = 86400.0
    """Seconds after which what still holds is told again; 0: never."""
    quiet: str | None = None
    """Hours of the day in which only what is critical is told, `HH:MM-HH:MM`."""
    timezone: str = "UTC"


class QualitySettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[quality]`: how much of what cheap answers is held against premium, and by whom."""

    shadow_rate: float = 0.0
    """Share of cheap-served routed requests that premium is asked too."""
    judge: str | None = None
    """The model that grades both answers; needed where `shadow_rate` is above 0."""
    floor: float | None = None
    """Share of the premium quality to keep; None: that of the router's certificate."""
    daily_cap: str = "1.00"
    """USD that comparisons may cost a day (UTC), all workers of a gateway together."""
