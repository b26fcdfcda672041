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


def said(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    token: AdminToken | None,
    *urls: str,
    more: str = "",
    config: str = CONFIG,
    compiled: bool = True,
):
    file = tmp_path / "headgate.toml"
    file.write_text(config + more)
    announce(urls, read_with_sources(file, env={}), token, compiled=compiled)
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


def test_that_scores_are_not_compiled_is_said_where_something_is_scored(tmp_path, capsys):
    learned = CONFIG.replace('kind = "none"', 'kind = "learned"\nrouter = "router.bin"')
    assert "in Python" not in said(tmp_path, capsys, None, PUBLIC, compiled=False).err
    assert "in Python" not in said(tmp_path, capsys, None, PUBLIC, config=learned).err
    _, err = said(tmp_path, capsys, None, PUBLIC, config=learned, compiled=False)
    assert "  scores                in Python, slower: no C compiler when installed\n" in err


def test_a_proxy_to_the_providers_is_named_without_its_credentials(tmp_path, capsys):
    assert "proxy" not in said(tmp_path, capsys, None, PUBLIC).err
    more = "[egress]\nproxy = 'http://proxy.example:3128'\nproxy_auth_env = 'AUTH'\n"
    _, err = said(tmp_path, capsys, None, PUBLIC, more=more)
    assert "  proxy to providers    http://proxy.example:3128\n" in err
    assert "AUTH" not in err


def test_that_prompts_are_stored_is_said_and_for_how_long(tmp_path, capsys):
    assert "prompts" not in said(tmp_path, capsys, None, PUBLIC).err
    more = '[ledger]\nstore_prompts = true\nkeep_prompts = "36h"\n'
    _, err = said(tmp_path, capsys, None, PUBLIC, more=more)
    assert "  prompts and answers   stored in the ledger, for 36h\n" in err


def test_a_file_with_prompts_that_others_may_read_is_pointed_out(tmp_path, capsys):
    path = tmp_path / "headgate.db"
    path.touch(0o600)
    more = f'[ledger]\nurl = "sqlite:///{path}"\nstore_prompts = true\n'
    assert "warning" not in said(tmp_path, capsys, None, PUBLIC, more=more).err
    path.chmod(0o644)
    _, err = said(tmp_path, capsys, None, PUBLIC, more=more)
    assert f"others than its owner may read. chmod go= {path}*" in err
