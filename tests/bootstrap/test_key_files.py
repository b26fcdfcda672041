"""key_files: what is taken for a key, and how a provider gets another while it is called."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from headgate.bootstrap.admin import admin_token
from headgate.bootstrap.alerts import channels_of
from headgate.bootstrap.clock import SystemClock
from headgate.bootstrap.doubts import missing_variables
from headgate.bootstrap.egress import default_proxy
from headgate.bootstrap.gateway import need_keys, provider_of, secrets_in_use, secrets_of
from headgate.bootstrap.key_files import POLL_SECONDS, KeyFiles
from headgate.bootstrap.keys import admission_of, pepper_of
from headgate.bootstrap.ledger import password_of
from headgate.bootstrap.variables import LONGEST, held, read_key, variable
from headgate.errors import ConfigError
from headgate.gateway.provider import Provider
from headgate.settings import read_with_sources
from headgate.settings.forms import Refusal
from headgate.settings.schema import Settings
from tests.gateway.leaping import run_leaping
from tests.settings.files import TIERS

PATH = "/chat/completions"


def sent(provider: Provider) -> str:
    """The key that the next call is sent with."""
    return provider.endpoint(PATH).head.decode().partition("Bearer ")[2].partition("\r\n")[0]


class House:
    """One provider whose key is in a file, and who looks after it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.key = folder, folder / "openai.key"
        self.key.write_text("sk-old\n")
        (folder / "headgate.toml").write_text(f'{TIERS}api_key_file = "openai.key"\n')
        self.settings: Settings = read_with_sources(folder / "headgate.toml", env={}).settings
        self.provider = self.made()
        self.renewed: list[str] = []
        self.files = KeyFiles(
            lambda: self.settings.providers,
            lambda: {"a": self.provider},
            lambda: self.renewed.append(sent(self.provider)),
        )

    def made(self) -> Provider:
        keys = secrets_of(self.settings, {})
        return provider_of(self.settings.providers[0], keys, self.settings.egress)

    def look(self, times: int = 2) -> str:
        """The key in use after so many looks."""
        for _ in range(times):
            asyncio.run(self.files.look())
        return sent(self.provider)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_how_many_keys_cannot_be_read_is_known_while_it_lasts(house: House):
    assert (house.look(), house.files.unreadable) == ("sk-old", 0)
    house.key.unlink()
    assert (house.look(), house.files.unreadable) == ("sk-old", 1)
    house.key.write_text("sk-new")
    assert (house.look(), house.files.unreadable) == ("sk-new", 0)
    house.key.write_text("")
    assert (house.look(), house.files.unreadable) == ("sk-new", 1)
    (provider,) = house.settings.providers  # by changed settings its key is in a variable
    provider = replace(provider, api_key_file=None, api_key_env="KEY")
    house.settings = replace(house.settings, providers=(provider,))
    assert (house.look(1), house.files.unreadable) == ("sk-new", 0)


def test_a_look_that_fails_is_not_the_last_one(house: House, caplog: pytest.LogCaptureFixture):
    """Whatever goes wrong in one look, a key that is renewed later is taken."""
    fails = [True] * 2

    def providers() -> dict[str, Provider]:
        if fails:
            fails.pop()
            raise RuntimeError("can't start new thread")
        return {"a": house.provider}

    files = KeyFiles(lambda: house.settings.providers, providers)

    async def main() -> None:
        async with files.running():
            await asyncio.sleep(3.5 * POLL_SECONDS)
            house.key.write_text("sk-new")
            await asyncio.sleep(6 * POLL_SECONDS)

    run_leaping(main())
    assert (fails, sent(house.provider)) == ([], "sk-new")
    told = [one for one in caplog.records if "cannot be looked at" in one.message]
    assert [one.exc_info[0] for one in told if one.exc_info] == [RuntimeError]


@pytest.mark.parametrize(
    "text", ["sk-1", "sk-1\n", "sk-1\r\n", "  sk-1\n\n", "\ufeffsk-1\n"], ids=repr
)
def test_a_key_is_all_of_its_file_but_the_white_space_around(tmp_path: Path, text: str):
    (tmp_path / "key").write_bytes(text.encode())
    assert read_key(str(tmp_path / "key")) == "sk-1"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"OPENAI_API_KEY=sk-1\nOTHER=2\n", "holds more than a key"),
        (b'{"private_key": "sk-1"}', "holds more than a key"),
        (b"sk-1 # mine", "holds more than a key"),
        (b"sk-\x00\x01", "holds more than a key"),
        (b"sk-\xff\xfe", "holds more than a key"),
        ("sk-–1".encode(), "holds more than a key"),
        (b"s" * (LONGEST + 1), "is too long for a secret"),
    ],
)
def test_what_is_no_key_is_refused_and_never_shown(tmp_path: Path, data: bytes, said: str):
    (tmp_path / "key").write_bytes(data)
    found = read_key(str(tmp_path / "key"))
    assert isinstance(found, Refusal)
    assert said in found.message
    assert "sk-" not in found.message + found.fix


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path):
    assert "is not there" in str(read_key(str(tmp_path / "none")))
    assert "is no file" in str(read_key(str(tmp_path)))
    os.mkfifo(tmp_path / "pipe")
    assert "is no file" in str(read_key(str(tmp_path / "pipe")))  # and nobody waits for it
    assert isinstance(read_key("a\0b"), Refusal)


def test_a_variable_may_be_held_by_a_file(tmp_path: Path):
    (tmp_path / "token").write_text("correct horse\n")
    env = {"TOKEN_FILE": str(tmp_path / "token")}
    assert held(env, "TOKEN") == variable(env, "TOKEN") == "correct horse"
    assert held(env | {"TOKEN": "mine"}, "TOKEN") == "mine"
    assert held(env | {"TOKEN": ""}, "TOKEN") == "correct horse"
    assert held({}, "TOKEN") == ""


def test_a_variables_file_that_cannot_be_used_says_which_and_why(tmp_path: Path):
    (tmp_path / "two").write_text("secret\nof two lines\n")
    found = held({"TOKEN_FILE": str(tmp_path / "two")}, "TOKEN")
    assert isinstance(found, Refusal)
    assert "TOKEN_FILE names, has more than one line" in found.message
    assert "secret\n" not in found.message
    with pytest.raises(ConfigError, match="TOKEN_FILE names, is not there"):
        variable({"TOKEN_FILE": str(tmp_path / "none")}, "TOKEN")


SECRETS = """
[server]
admin_token_env = "HEADGATE_ADMIN_TOKEN"
api_key_env = "MASTER"
[keys]
pepper_env = "PEPPER"
[ledger]
url = "postgresql://h/d"
password_env = "PASSWORD"
[egress]
proxy = "http://proxy.example:3128"
proxy_auth_env = "PROXY"
[alerts]
slack_url_env = "SLACK"
"""


def test_every_secret_that_a_setting_names_may_come_so(house: House):
    """Through all who ask: the start, the pages, the keys, the ledger, proxies and alerts."""
    file = house.folder / "headgate.toml"
    file.write_text(f"{TIERS}api_key_env = 'A_KEY'\n{SECRETS}")
    names = ["HEADGATE_ADMIN_TOKEN", "MASTER", "PEPPER", "PASSWORD", "PROXY", "SLACK", "A_KEY"]
    env = {f"{name}_FILE": str(house.folder / name) for name in names}
    for name in names:
        (house.folder / name).write_text(f"{name}-of-sixteen-or-more\n")
    (house.folder / "PROXY").write_text("user:word\n")
    (house.folder / "SLACK").write_text("https://hooks.example/x\n")
    reading = read_with_sources(file, env=env)
    settings = reading.settings
    assert list(missing_variables(reading.values, env)) == []
    keys = secrets_of(settings, env)
    assert sent(provider_of(settings.providers[0], keys, settings.egress)).startswith("A_KEY-of")
    assert admin_token(settings, env).value.startswith("HEADGATE_ADMIN_TOKEN-of")
    assert pepper_of(settings, env).startswith(b"PEPPER-of")
    assert (password_of(settings.ledger, env) or "").startswith("PASSWORD-of")
    assert default_proxy("https://x", settings.egress, env) is not None
    assert len(channels_of(settings.alerts, env, settings.egress)) == 2
    assert admission_of(settings, env, SystemClock()).gate is not None
    assert "MASTER-of-sixteen-or-more" in secrets_in_use(settings, env, [])
    (house.folder / "MASTER").unlink()
    (finding,) = missing_variables(reading.values, env)
    assert "MASTER_FILE names, is not there" in finding.message


def test_all_keys_that_cannot_be_had_are_told_before_the_start(house: House):
    house.key.unlink()
    other = replace(house.settings.providers[0], name="b", api_key_file=None, api_key_env="B_KEY")
    settings = replace(house.settings, providers=(*house.settings.providers, other))
    with pytest.raises(ConfigError) as caught:
        need_keys(settings, {})
    assert {fault.field for fault in caught.value.told} == {
        "providers.a.api_key_file",
        "providers.b.api_key_env",
    }


def test_a_renewed_key_is_sent_from_the_next_call_on(house: House):
    assert house.look() == "sk-old"
    under_way = house.provider.endpoint(PATH)
    house.key.write_text("sk-new\n")
    assert house.look() == "sk-new"
    assert b"sk-old" in under_way.head  # whoever is called with it goes on
    assert house.renewed == ["sk-new"]
    assert house.look() == "sk-new"
    assert house.renewed == ["sk-new"]


def test_headers_of_callers_go_with_the_renewed_key_too(house: House):
    passed = [("openai-beta", "x")]
    assert b"sk-old" in house.provider.endpoint(PATH, passed).head
    house.key.write_text("sk-new")
    house.look()
    assert b"sk-new" in house.provider.endpoint(PATH, passed).head


def test_a_key_counts_when_it_has_been_the_same_twice(house: House):
    """A file that is being written may be looked at half-way."""
    house.look()
    house.key.write_text("sk-n")
    assert house.look(1) == "sk-old"
    house.key.write_text("sk-new")
    assert house.look(1) == "sk-old"
    assert house.look(1) == "sk-new"


def test_a_swapped_link_is_seen_as_kubernetes_swaps_it(house: House):
    for name in ("v1", "v2"):
        (house.folder / name).mkdir()
        (house.folder / name / "key").write_text(f"sk-{name}")
    house.key.unlink()
    (house.folder / "data").symlink_to("v1")
    house.key.symlink_to("data/key")
    assert house.look() == "sk-v1"
    (house.folder / "next").symlink_to("v2")
    (house.folder / "next").replace(house.folder / "data")
    assert house.look() == "sk-v2"


@pytest.mark.parametrize("how", ["gone", "empty", "two lines"])
def test_the_old_key_holds_until_the_new_one_can_be_read(
    house: House, how: str, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO", "headgate.gateway")
    house.look()
    if how == "gone":
        house.key.unlink()
    else:
        house.key.write_text("" if how == "empty" else "sk-secret\nsk-other\n")
    assert house.look(5) == "sk-old"
    assert caplog.text.count("provider a keeps its key") == 1
    house.key.write_text("sk-new\n")
    assert house.look() == "sk-new"
    assert "can be read again" in caplog.text
    assert "sk-" not in caplog.text


def test_a_file_that_is_empty_for_a_moment_is_not_told(
    house: House, caplog: pytest.LogCaptureFixture
):
    house.look()
    house.key.write_text("")
    house.look(1)
    house.key.write_text("sk-new")
    assert house.look() == "sk-new"
    assert "keeps its key" not in caplog.text


def test_settings_and_providers_may_change_in_the_midst_of_a_look(house: House):
    """What was read is given to those who are in effect afterwards, if they still want it."""
    house.look()
    house.key.write_text("sk-new")
    house.look(1)
    house.settings = replace(house.settings, providers=())
    assert house.look() == "sk-old"


def test_keys_of_files_are_among_the_secrets_in_use(house: House):
    house.key.write_text("sk-new")
    house.look()
    assert secrets_in_use(house.settings, {}, [house.provider]) == {"sk-new"}


def test_it_looks_by_itself_until_it_is_told_to_stop(house: House):
    async def main() -> None:
        renewed = asyncio.Event()
        files = KeyFiles(
            lambda: house.settings.providers, lambda: {"a": house.provider}, renewed.set
        )
        async with files.running(), asyncio.timeout(60):
            house.key.write_text("sk-new")
            await renewed.wait()
        assert sent(house.provider) == "sk-new"
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())
