"""What a gateway says when it listens; the whole process is in test_serve.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.bootstrap.admin import AdminToken
from headgate.cli.serving import announce
from headgate.settings import read_with_sources

CONFIG = """
[traffic]
[classifier]
kind = "none"
[tiers.cheap]
model = "openai/gpt-5-mini"
[tiers.premium]
model = "openai/gpt-5"
[providers.openai]
"""

PUBLIC, ADMIN = "http://127.0.0.1:8080", "http://127.0.0.1:8081"


def said(tmp_path: Path, capsys: pytest.CaptureFixture[str], token: AdminToken | None, *urls: str):
    file = tmp_path / "headgate.toml"
    file.write_text(CONFIG)
    announce(urls, read_with_sources(file, env={}), token)
    return capsys.readouterr()


def test_the_url_is_data_and_all_the_rest_is_talk(tmp_path, capsys):
    out, err = said(tmp_path, capsys, None, PUBLIC)
    assert out == f"Headgate listens on {PUBLIC}\n"
    assert f"base URL for clients  {PUBLIC}/v1" in err
    assert "cheap (openai/gpt-5-mini), premium (openai/gpt-5)" in err
    assert "decided by            none" in err
    assert "admin" not in err


def test_a_token_that_rests_in_a_file_is_not_shown(tmp_path, capsys):
    _, err = said(tmp_path, capsys, AdminToken("s3cret", "token in admin.token"), PUBLIC, ADMIN)
    assert f"admin                 {ADMIN}  (token in admin.token)" in err
    assert "s3cret" not in err


def test_a_token_that_rests_nowhere_is_shown(tmp_path, capsys):
    _, err = said(tmp_path, capsys, AdminToken("s3cret", "memory"), PUBLIC, ADMIN)
    assert f"{ADMIN}  (token s3cret, until it stops)" in err
