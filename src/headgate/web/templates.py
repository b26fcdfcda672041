"""The templates of the pages, and what they are filled with: every value is escaped."""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from headgate.render.page import CHART_STYLE, COLOUR_STYLE, Block, fragment

__all__ = ["Static", "Templates", "static_files"]

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class Static:
    """One file that pages ask for: its bytes, its type, and a mark that changes with them."""

    __slots__ = ("body", "mark", "type")

    def __init__(self, name: str, body: bytes) -> None:
        self.body = body
        self.type = next(kind for end, kind in TYPES.items() if name.endswith(end))
        self.mark = sha256(body).hexdigest()[:12]


def static_files() -> dict[str, Static]:
    """All of them by name; `charts.css` is the style that reports have too."""
    folder = files("headgate.web").joinpath("static")
    found = {
        entry.name: Static(entry.name, entry.read_bytes())
        for entry in folder.iterdir()
        if any(entry.name.endswith(end) for end in TYPES)
    }
    charts = (COLOUR_STYLE + CHART_STYLE).encode()
    return found | {"charts.css": Static("charts.css", charts)}


class Templates:
    """Fills templates.

    Args:
        static: the files, for their marks.
    """

    def __init__(self, static: dict[str, Static]) -> None:
        self._env = Environment(
            loader=PackageLoader("headgate.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._env.globals["static"] = lambda name: f"/static/{name}?v={static[name].mark}"
        self._env.globals["block"] = _block
        self._env.filters["keep"] = _keep
        self._env.filters["commands"] = _commands

    def show(self, places: tuple[tuple[str, str], ...]) -> None:
        """Say what the navigation shows: (path, title)."""
        self._env.globals["places"] = places

    def __call__(self, name: str, **values: Any) -> bytes:
        """The template of that name, filled."""
        return self._env.get_template(name).render(**values).encode()


def _block(block: Block, name: str) -> Markup:
    # `fragment` escapes every text
    return Markup(fragment(block, name, figures=True))  # noqa: S704


def _keep(text: str) -> str:
    """A number stays on one line with its sign."""
    return text.replace(" %", "\u00a0%").replace(" ×", "\u00a0×")


def _commands(text: str) -> Markup:
    """What stands between backticks, as errors have it in a terminal, is code; where they pair."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    code = Markup("<code>{}</code>")
    return Markup("").join(
        code.format(part) if number % 2 else part for number, part in enumerate(parts)
    )
