"""egress: whose proxy is used for what, with which credentials, and which are refused unseen."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path

import msgspec
import pytest

from headgate.bootstrap.clock import SystemClock
from headgate.bootstrap.egress import (
    default_proxy,
    missing_authorities,
    provider_proxy,
    unread_proxy,
)
from headgate.bootstrap.gateway import plant_of, secrets_of, upstream_of
from headgate.errors import ConfigError
from headgate.gateway.upstream import Origin, Tunnel
from headgate.settings import read
from headgate.settings.schema import EgressSettings, ProviderSettings, Settings
from headgate.values import Proxy
from tests.bootstrap.test_gateway import Nobody

AT_ALL = EgressSettings(proxy="http://all.example:3128", proxy_auth_env="ALL")
ALL = Proxy("all.example", 3128, "Basic YTpi")
ENV = {"ALL": "a:b", "OWN": "me:p:w"}
SETS = ("egress.proxy=http://all.example:3128", "egress.proxy_auth_env=ALL")


def entry(
    base_url: str = "https://api.example/v1",
    proxy: str | None = None,
    proxy_auth_env: str | None = None,
) -> ProviderSettings:
    return ProviderSettings(
        name="one",
        dialect="openai",
        base_url=base_url,
        proxy=proxy,
        proxy_auth_env=proxy_auth_env,
    )


def test_a_provider_without_a_proxy_goes_by_the_default_one():
    assert provider_proxy(entry(), AT_ALL, ENV) == ALL
    assert provider_proxy(entry(), EgressSettings(), ENV) is None
    assert provider_proxy(entry(), EgressSettings(proxy=""), ENV) is None


def test_a_provider_of_this_machine_is_called_directly_unless_it_has_a_proxy_of_its_own():
    for host in ("127.0.0.1", "localhost", "[::1]"):
        local = f"http://{host}:11434/v1"
        assert provider_proxy(entry(local), AT_ALL, ENV) is None
        assert default_proxy(local, AT_ALL, {}) is None
        own = provider_proxy(entry(local, proxy="http://own.example:1"), AT_ALL, ENV)
        assert own == Proxy("own.example", 1)


def test_a_proxy_of_its_own_is_never_sent_the_default_ones_credentials():
    own = entry(proxy="http://[::2]:8080")
    assert provider_proxy(own, AT_ALL, ENV) == Proxy("::2", 8080)
    signed = entry(proxy="http://[::2]:8080", proxy_auth_env="OWN")
    found = provider_proxy(signed, AT_ALL, ENV)
    assert found is not None
    assert base64.b64decode(str(found.authorization).split()[1]) == b"me:p:w"
    assert provider_proxy(entry(proxy=""), AT_ALL, ENV) is None


def test_a_password_may_hold_any_letter():
    found = default_proxy("https://x", AT_ALL, {"ALL": "jörg:päss wörd"})
    assert found is not None
    assert base64.b64decode(str(found.authorization).split()[1]).decode() == "jörg:päss wörd"


@pytest.mark.parametrize("value", ["hunter2", ":hunter2", "me:hunter2\n", "me:hun\0ter2", ""])
def test_what_is_no_user_and_password_is_refused_without_being_shown(value):
    with pytest.raises(ConfigError) as caught:
        provider_proxy(entry(), AT_ALL, {"ALL": value})
    assert "egress.proxy_auth_env" in str(caught.value)
    assert "ALL" in str(caught.value)
    assert "hun" not in str(caught.value)


def test_a_missing_variable_stops_the_start_with_the_field_that_names_it():
    settings = read(None, env={}, sets=SETS)
    with pytest.raises(ConfigError, match=r"egress\.proxy_auth_env: .* ALL is not set"):
        secrets_of(settings, {})
    keys = {name: "k" for one in settings.providers if (name := one.api_key_env)}
    assert secrets_of(settings, keys | ENV)["ALL"] == "a:b"
    off = read(None, env={}, sets=(*SETS, "egress.proxy="))
    assert "ALL" not in secrets_of(off, keys)


def test_the_plants_providers_go_each_their_own_way():
    settings = read(None, env={}, sets=SETS)
    first, *_ = settings.providers
    direct = msgspec.structs.replace(first, proxy="")
    settings = msgspec.structs.replace(settings, providers=(direct, *settings.providers[1:]))
    keys = {name: "k" for one in settings.providers if (name := one.api_key_env)}
    plant = plant_of(
        settings,
        keys | ENV,
        upstream=upstream_of(settings),
        recorder=Nobody(),
        clock=SystemClock(),
    )
    ways = {name: one.endpoint("/x").origin for name, one in plant.providers.items()}
    assert isinstance(ways.pop(first.name), Origin)
    assert ways
    assert {way.proxy for way in ways.values() if isinstance(way, Tunnel)} == {ALL}
    assert all(isinstance(way, Tunnel) for way in ways.values())


def found(env: dict[str, str], *sets: str) -> str:
    settings: Settings = read(None, env={}, sets=sets)
    return str(unread_proxy(settings, env) or "")


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_pointed_out_because_it_is_not_read(name):
    said = found({name: "http://me:hunter2@proxy:1"})
    assert f"egress.proxy: The environment variable {name} is set, and is not read" in said
    assert "hunter2" not in said


def test_where_no_proxy_is_missing_nothing_is_pointed_out():
    env = {"HTTPS_PROXY": "http://proxy:1"}
    assert found({}) == found({"HTTPS_PROXY": ""}) == found({"HTTP_PROXY": "http://p:1"}) == ""
    assert found(env, "egress.proxy=http://proxy:1") == found(env, "egress.proxy=") == ""
    settings = read(None, env={})
    direct = [msgspec.structs.replace(one, proxy="") for one in settings.providers]
    assert unread_proxy(msgspec.structs.replace(settings, providers=tuple(direct)), env) is None


# ---- who vouches for providers


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a system that has no authorities."""
    usual = ssl.get_default_verify_paths()._replace(openssl_cafile=str(tmp_path / "none.pem"))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: usual)
    (tmp_path / "certs").mkdir()
    return {"SSL_CERT_DIR": str(tmp_path / "certs")}


def test_a_system_without_authorities_is_pointed_out(nowhere: dict[str, str], tmp_path: Path):
    said = str(missing_authorities(read(None, env={}), nowhere))
    assert f"Neither {tmp_path / 'none.pem'} nor {tmp_path / 'certs'} has authorities" in said
    assert "ca-certificates" in said
    (tmp_path / "certs" / "1234.0").touch()
    assert missing_authorities(read(None, env={}), nowhere) is None


def test_of_several_folders_any_may_have_them(nowhere: dict[str, str], tmp_path: Path):
    several = {"SSL_CERT_DIR": f"{tmp_path / 'none'}:{nowhere['SSL_CERT_DIR']}"}
    assert f"nor {several['SSL_CERT_DIR']} has" in str(
        missing_authorities(read(None, env={}), several)
    )
    (tmp_path / "certs" / "1234.0").touch()
    assert missing_authorities(read(None, env={}), several) is None


def test_beside_a_file_that_cannot_be_read_a_folder_still_vouches(
    nowhere: dict[str, str], tmp_path: Path
):
    env = {**nowhere, "SSL_CERT_FILE": str(tmp_path / "own.pem")}
    assert "https:// fail, for" in str(missing_authorities(read(None, env={}), env))
    (tmp_path / "certs" / "1234.0").touch()
    assert "fail where nobody else" in str(missing_authorities(read(None, env={}), env))


def test_authorities_in_a_file_are_enough(nowhere: dict[str, str], tmp_path: Path):
    file = tmp_path / "own.pem"
    env = {**nowhere, "SSL_CERT_FILE": str(file)}
    said = str(missing_authorities(read(None, env={}), env))
    assert f"SSL_CERT_FILE names a file that cannot be read, {file}" in said
    file.touch()
    assert missing_authorities(read(None, env={}), env) is None
    (tmp_path / "none.pem").touch()
    assert missing_authorities(read(None, env={}), nowhere) is None


def test_who_calls_nobody_in_tls_needs_none(nowhere: dict[str, str]):
    settings = read(None, env={})
    plain = tuple(
        msgspec.structs.replace(one, base_url="http://127.0.0.1:1") for one in settings.providers
    )
    assert missing_authorities(msgspec.structs.replace(settings, providers=plain), nowhere) is None
