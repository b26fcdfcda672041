"""Builds the site: which page is where, and what each of them reads."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from headgate.bootstrap.planner import SettingsPlanner
from headgate.settings import Reading
from headgate.web.calculator import Calculator
from headgate.web.site import Place, Site
from headgate.web.templates import Templates

__all__ = ["site_of"]


def site_of(reading: Reading, *, token: str | None) -> Site:
    """The pages of a configuration.

    Args:
        token: the admin token that a visitor must give; None lets this machine's visitors in.
    """
    planner = SettingsPlanner(reading, today=lambda: datetime.now(UTC).date())

    def make(templates: Templates) -> Mapping[str, Place]:
        calculator = Calculator(planner, templates)
        return {
            "/plan": Place(calculator.show, title="Plan"),
            "/plan.json": Place(calculator.json),
            "/plan.csv": Place(calculator.csv),
            "/plan.md": Place(calculator.markdown),
            "/plan.html": Place(calculator.html),
            "/plan.toml": Place(calculator.toml),
            "/plan/models": Place(calculator.models),
        }

    return Site(make, token=token, now=time.time, chance=lambda: secrets.token_urlsafe(18))
