"""Redaction: what may be shown of a value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.settings.redaction import looks_secret, shown, shown_path

SECRETS = [
    "sk-proj-AbCdEf0123456789",
    "sk-ant-api03-abcdefghijklmnop",
    "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "gsk_abcdefghijklmnopqrstuvwxyz",
    "xai-abcdefghijklmnopqrstuvwxyz",
    "ghp_abcdefghijklmnopqrstuvwxyz",
    "xoxb-1234567890-abc",
    "AKIAIOSFODNN7EXAMPLE",
    "postgresql://me:hunter22@db.example/x",
    "Bearer abcdefghijklmnop.qrstuv",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_keys_and_passwords_are_recognised_in_any_company(secret: str):
    assert looks_secret(secret)
    assert looks_secret(f'api_key = "{secret}" # mine')
    assert secret not in shown(secret)
    assert secret not in shown_path(("a", secret))


@pytest.mark.parametrize(
    "text",
    [
        "sk-",
        "sk-learn-and-other-libraries",
        "task-12345678901234567890",
        "OPENAI_API_KEY",
        "hf_token_of_the_production_team",
        "xai-europe-central-frankfurt-1",
        "https://api.openai.com:443/v1",
        "sqlite:////var/lib/headgate.db",
        "anthropic/claude-sonnet-4-6",
        "127.0.0.1:8787",
    ],
)
def test_ordinary_settings_are_not_taken_for_secrets(text: str):
    assert not looks_secret(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (5, "5"),
        (0.25, "0.25"),
        ("a", '"a"'),
        ({}, "a table"),
        ([1], "a list"),
        (10**99, "a number of more than 60 digits"),
        ("a\x1b[31m\n\x7f\u202e", '"a\\u001b[31m\\n\\u007f\\u202e"'),
        ("x" * 61, '"' + "x" * 60 + "..."),
    ],
)
def test_values_are_shown_short_and_without_control_characters(value: object, text: str):
    assert shown(value) == text


@given(st.text())
def test_whatever_is_shown_can_be_printed(text: str):
    assert shown(text).isprintable()
    assert len(shown(text)) < 500


@pytest.mark.parametrize("length", [100_000])
@pytest.mark.parametrize("piece", ["a.", "sk-", "a://", "Bearer ", "://:", "AIza-"])
def test_looking_for_secrets_in_a_long_line_comes_to_an_end(piece: str, length: int):
    looks_secret(piece * length)


def test_paths_are_written_as_in_toml():
    assert shown_path(("tiers", "cheap", "model")) == "tiers.cheap.model"
    assert shown_path(("prices", "a/b.c", "input")) == 'prices."a/b.c".input'
    assert shown_path(("classifier", "rules", 2)) == "classifier.rules[2]"
    assert shown_path(("a\nb",)) == '"a\\nb"'
    assert shown_path(()) == ""
