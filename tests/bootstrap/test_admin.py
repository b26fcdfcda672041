"""admin: where the token comes from, that others cannot read it, and that processes agree on it."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from headgate.bootstrap.admin import AdminToken, admin_of, admin_token, token_file
from headgate.bootstrap.clock import SystemClock
from headgate.bootstrap.gateway import app_of, upstream_of
from headgate.errors import ConfigError
from headgate.settings import read
from headgate.settings.schema import Settings
from tests.gateway.callers import Asked
from tests.gateway.house import ENV, RULES, Kept


def settings_of(folder: Path, *sets: str) -> Settings:
    file = folder / "headgate.toml"
    base = "http://127.0.0.1:1"
    file.write_text(RULES.format(openai=base, anthropic=base, responses=base))
    return read(file, env=ENV, sets=(f"ledger.url=sqlite:///{folder}/l.db", *sets))


def test_the_token_lies_beside_the_ledger():
    assert token_file("sqlite:////var/lib/headgate.db") == Path("/var/lib/headgate.db.admin-token")
    assert token_file("memory:") is None


def test_a_token_is_made_once_and_only_its_user_can_read_it(tmp_path):
    settings = settings_of(tmp_path)
    first = admin_token(settings, {})
    assert first.value.startswith("hga_")
    assert len(first.value) >= 43
    assert first.origin == f"{tmp_path}/l.db.admin-token"
    assert admin_token(settings, {}) == first
    file = tmp_path / "l.db.admin-token"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == f"{first.value}\n"
    assert {path.name for path in tmp_path.iterdir()} == {"headgate.toml", "l.db.admin-token"}


def test_processes_that_start_at_once_agree_on_one_token(tmp_path):
    program = (
        "import sys; from pathlib import Path; from headgate.bootstrap.admin import _kept\n"
        "print(_kept(Path(sys.argv[1])).value)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "l.db.admin-token")]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    tokens = {process.communicate(timeout=60)[0] for process in started}
    assert len(tokens) == 1


def test_the_variable_that_the_settings_name_holds_the_token(tmp_path):
    settings = settings_of(tmp_path, "server.admin_token_env=ADMIN")
    long = "long-enough-to-be-safe"
    assert admin_token(settings, {"ADMIN": long}) == AdminToken(long, "ADMIN")
    assert not (tmp_path / "l.db.admin-token").exists()


@pytest.mark.parametrize(
    ("env", "what"), [({}, "is not set"), ({"ADMIN": "sh0rt-secret"}, "fewer than 16")]
)
def test_a_missing_or_short_token_stops_the_start_and_is_not_shown(tmp_path, env, what):
    settings = settings_of(tmp_path, "server.admin_token_env=ADMIN")
    with pytest.raises(ConfigError, match=what) as caught:
        admin_token(settings, env)
    assert "openssl rand" in str(caught.value)
    assert "sh0rt" not in str(caught.value)


def test_a_ledger_in_memory_keeps_no_token(tmp_path):
    settings = settings_of(tmp_path, "ledger.url=memory:")
    first, second = admin_token(settings, {}), admin_token(settings, {})
    assert first.origin == "memory"
    assert first.value != second.value


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_file_that_others_can_read_is_refused(tmp_path):
    settings = settings_of(tmp_path)
    admin_token(settings, {})
    (tmp_path / "l.db.admin-token").chmod(0o644)
    with pytest.raises(ConfigError, match="read by other users") as caught:
        admin_token(settings, {})
    assert "chmod 600" in str(caught.value)


def test_an_empty_file_and_a_missing_directory_are_refused(tmp_path):
    settings = settings_of(tmp_path)
    file = tmp_path / "l.db.admin-token"
    file.touch(0o600)
    with pytest.raises(ConfigError, match="holds no admin token"):
        admin_token(settings, {})
    elsewhere = settings_of(tmp_path, f"ledger.url=sqlite:///{tmp_path}/none/l.db")
    with pytest.raises(ConfigError, match="No such file"):
        admin_token(elsewhere, {})


def test_every_path_and_who_asks_for_the_token_there(tmp_path):
    settings = settings_of(tmp_path)
    upstream = upstream_of(settings)
    app = app_of(settings, ENV, upstream=upstream, recorder=Kept(), clock=SystemClock())
    admin = admin_of(app, AdminToken("hga_0123456789abcdef", "memory"))
    assert {path for path, access in admin.paths.items() if access == "open"} == {
        "/healthz", "/readyz",
    }  # fmt: skip

    async def main():
        for path in admin.paths:
            asked = Asked("GET", path)
            await admin(asked)
            assert asked.status == (200 if admin.paths[path] == "open" else 401), path
        app.draining = True
        asked = Asked("GET", "/readyz")
        await admin(asked)
        assert asked.status == 503
        await upstream.close()

    asyncio.run(main())
