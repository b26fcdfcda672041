"""The documentation's pages, as text."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def page(name: str) -> str:
    """The text of one page below docs."""
    return (DOCS / name).read_text(encoding="utf-8")
