"""A site over the built-in example, on a fixed day."""

from __future__ import annotations

from datetime import date

from headgate.bootstrap.planner import SettingsPlanner
from headgate.settings import read_with_sources

DAY = date(2026, 11, 20)


def planner(**more) -> SettingsPlanner:
    reading = read_with_sources(None, env={}, need_providers=False)
    return SettingsPlanner(reading, today=lambda: DAY, **more)
