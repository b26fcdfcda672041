"""Settings files for tests: one that is right, and what reading a wrong one says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from headgate.errors import ConfigError, ConfigFault
from headgate.settings import Reading, read_with_sources

GOOD = """\
[classifier]
kind = "model"
model = "google/gemini-2.5-flash"

[tiers.cheap]
model = "anthropic/claude-haiku-4-5"

[tiers.premium]
model = "anthropic/claude-sonnet-4-6"

[escalation]
rate = 0.2

[providers.anthropic]
[providers.google]
"""

QUIET = '[ends."google/gemini-2.5-flash"]\nwarn = false\n'
"""Behind GOOD or the example, whose classifier ends: nothing is left that is warned of."""

TIERS = """\
[tiers.cheap]
model = "a/small"
[tiers.premium]
model = "a/large"
[providers.a]
dialect = "openai"
base_url = "https://a.example/v1"
"""
"""Two tiers at an unknown provider: the least that is valid."""


class Desk:
    """Writes settings files and reads them, as a user at the command line would."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "headgate.toml"

    def read(
        self,
        text: str | bytes = GOOD,
        *sets: str,
        env: Mapping[str, str] | None = None,
        need_providers: bool = True,
    ) -> Reading:
        """What comes of a file with this text."""
        data = text if isinstance(text, bytes) else text.encode()
        self.path.write_bytes(data)
        return read_with_sources(self.path, env=env or {}, sets=sets, need_providers=need_providers)

    def faults(
        self,
        text: str | bytes = GOOD,
        *sets: str,
        env: Mapping[str, str] | None = None,
        need_providers: bool = True,
    ) -> Sequence[ConfigFault]:
        """All faults of a file with this text."""
        with pytest.raises(ConfigError) as caught:
            self.read(text, *sets, env=env, need_providers=need_providers)
        assert caught.value.faults
        return caught.value.faults

    def fault(
        self, text: str | bytes = GOOD, *sets: str, env: Mapping[str, str] | None = None
    ) -> ConfigFault:
        """The one fault of a file with this text."""
        (fault,) = self.faults(text, *sets, env=env)
        return fault


def warnings_of(desk: Desk, text: str, *sets: str) -> list[str]:
    """What a file is warned of, with the field that each is about."""
    return [f"{warning.field}: {warning.message}" for warning in desk.read(text, *sets).warnings]
