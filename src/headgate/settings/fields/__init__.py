"""Every setting as a row: checks, `headgate init`, `check --show` and the docs all read these."""

from __future__ import annotations

from headgate.settings.fields.alerts import ALERTS
from headgate.settings.fields.classifier import CLASSIFIER, DECIDERS, POLICIES
from headgate.settings.fields.egress import EGRESS
from headgate.settings.fields.escalation import ESCALATION, ESCALATION_BUDGETS
from headgate.settings.fields.keys import KEYS
from headgate.settings.fields.ledger import LEDGER
from headgate.settings.fields.plan import PLAN
from headgate.settings.fields.prices import ENDS, PRICE_LIST, PRICES
from headgate.settings.fields.providers import PROVIDERS
from headgate.settings.fields.quality import QUALITY
from headgate.settings.fields.resilience import RESILIENCE
from headgate.settings.fields.routes import ROUTES
from headgate.settings.fields.rules import POLICY_RULES, RULES
from headgate.settings.fields.section import Field, Section, default, written
from headgate.settings.fields.server import SERVER
from headgate.settings.fields.sessions import SESSIONS
from headgate.settings.fields.tiers import TIERS
from headgate.settings.fields.traffic import TRAFFIC
from headgate.settings.fields.watch import WATCH

__all__ = [
    "ALERTS",
    "CLASSIFIER",
    "DECIDERS",
    "EGRESS",
    "ENDS",
    "ESCALATION",
    "ESCALATION_BUDGETS",
    "KEYS",
    "LEDGER",
    "PLAN",
    "POLICIES",
    "POLICY_RULES",
    "PRICES",
    "PRICE_LIST",
    "PROVIDERS",
    "QUALITY",
    "RESILIENCE",
    "ROUTES",
    "RULES",
    "SECTIONS",
    "SERVER",
    "SESSIONS",
    "TIERS",
    "TRAFFIC",
    "WATCH",
    "Field",
    "Section",
    "default",
    "written",
]

SECTIONS = (
    TRAFFIC,
    CLASSIFIER,
    RULES,
    POLICIES,
    POLICY_RULES,
    ROUTES,
    TIERS,
    ESCALATION,
    ESCALATION_BUDGETS,
    WATCH,
    ALERTS,
    QUALITY,
    PROVIDERS,
    EGRESS,
    PRICES,
    ENDS,
    PRICE_LIST,
    SESSIONS,
    RESILIENCE,
    SERVER,
    KEYS,
    LEDGER,
    PLAN,
)
"""All sections, in the order of the file that `headgate init` writes."""
