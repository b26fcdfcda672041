"""Small price feeds for tests, as the public one is written."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from headgate.prices.compiler import Compilation
from headgate.prices.feed import parse_feed
from headgate.prices.snapshots import Snapshots
from headgate.prices.table import Table

TODAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def model(prices: Any = None, *, id: str = "m", **more: Any) -> dict[str, Any]:  # noqa: A002
    prices = {"input_mtok": 1, "output_mtok": 5} if prices is None else prices
    return {"id": id, "match": {"equals": id}, "prices": prices} | more


def provider(*models: dict[str, Any], id: str = "p", **more: Any) -> dict[str, Any]:  # noqa: A002
    return {"id": id, "name": id.upper(), "models": list(models)} | more


def feed(*providers: dict[str, Any]) -> bytes:
    return json.dumps(providers).encode()


def compiled(*models: dict[str, Any], at: date = TODAY) -> Compilation:
    parsed = parse_feed(feed(provider(*models)))
    return Compilation(parsed, source="test", version="1", at=at)


def table(tmp_path: Path, *models: dict[str, Any]) -> Table:
    """The table of one provider `p` with these models."""
    return Table(Snapshots(tmp_path).stage(compiled(*models).files))
