"""Which forward proxy a provider, an alert or the price feed is called through, if any."""

from __future__ import annotations

import os
import ssl
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from headgate.bootstrap.variables import held
from headgate.errors import ConfigError, ConfigFault
from headgate.settings.forms import Refusal, is_loopback
from headgate.settings.schema import EgressSettings, ProviderSettings, Settings
from headgate.values import Proxy

__all__ = ["default_proxy", "missing_authorities", "provider_proxy", "unread_proxy"]

_UNREAD = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


def provider_proxy(
    entry: ProviderSettings, egress: EgressSettings, env: Mapping[str, str]
) -> Proxy | None:
    """The proxy that a provider is called through: its own, else the default.

    Raises:
        ConfigError: the credentials are not set, or are no `user:password`.
    """
    if entry.proxy is None:
        return default_proxy(entry.base_url, egress, env)
    return _proxy(entry.proxy, entry.proxy_auth_env, f"providers.{entry.name}", env)


def default_proxy(url: str, egress: EgressSettings, env: Mapping[str, str]) -> Proxy | None:
    """The proxy of `[egress]` for what is called at a URL; none for an address of this machine.

    Raises:
        ConfigError: as `provider_proxy`.
    """
    if is_loopback(urlsplit(url).hostname or ""):
        return None
    return _proxy(egress.proxy, egress.proxy_auth_env, "egress", env)


def unread_proxy(settings: Settings, env: Mapping[str, str]) -> ConfigFault | None:
    """A finding where the environment names a proxy and a provider is called without one."""
    name = next((name for name in _UNREAD if env.get(name)), None)
    direct = any(
        entry.proxy is None and not is_loopback(urlsplit(entry.base_url).hostname or "")
        for entry in settings.providers
    )
    if name is None or settings.egress.proxy is not None or not direct:
        return None
    return ConfigFault(
        f"The environment variable {name} is set, and is not read: providers are called directly.",
        fix='If a proxy is needed, write proxy = "http://host:port" below [egress].',
        field="egress.proxy",
    )


def missing_authorities(settings: Settings, env: Mapping[str, str]) -> ConfigFault | None:
    """A finding where a provider is called in TLS and nobody is known to vouch for it.

    Python takes a file that is not there without a word, and calls fail then.
    """
    if not any(entry.base_url.startswith("https:") for entry in settings.providers):
        return None
    usual = ssl.get_default_verify_paths()
    named = env.get(usual.openssl_cafile_env)
    folders = env.get(usual.openssl_capath_env) or usual.openssl_capath
    found = any(_has_any(Path(one)) for one in folders.split(os.pathsep))
    if named and not os.access(named, os.R_OK):
        return _authorities(
            f"The variable {usual.openssl_cafile_env} names a file that cannot be read, {named}",
            "Correct the variable, or unset it to trust whom the system trusts.",
            sure=not found,
        )
    if named or found or Path(usual.openssl_cafile).is_file():
        return None
    return _authorities(
        f"Neither {usual.openssl_cafile} nor {folders} has authorities for certificates",
        "Install the system's package of them (ca-certificates), or name a file of them in the "
        f"variable {usual.openssl_cafile_env}.",
    )


def _authorities(what: str, fix: str, *, sure: bool = True) -> ConfigFault:
    where = "fail" if sure else "fail where nobody else vouches for them"
    return ConfigFault(
        f"{what}: calls to providers at https:// {where}, for they cannot be verified.",
        fix=fix,
        field="providers",
    )


def _has_any(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except OSError:
        return False


def _proxy(
    url: str | None, auth_env: str | None, section: str, env: Mapping[str, str]
) -> Proxy | None:
    parts = urlsplit(url or "")
    if parts.hostname is None or parts.port is None:  # empty: the form has been checked
        return None
    authorization = None if auth_env is None else _basic(auth_env, section, env)
    return Proxy(parts.hostname, parts.port, authorization)


def _basic(name: str, section: str, env: Mapping[str, str]) -> str:
    """The credentials in a variable as RFC 7617 writes them; they are never shown."""
    text = held(env, name)
    if isinstance(text, Refusal):
        raise _unusable(section, text.message, text.fix)
    if not text:
        raise _unusable(
            section,
            f"The environment variable {name} is not set.",
            f"Set it (export {name}=user:password), or remove the line.",
        )
    user, colon, _ = text.partition(":")
    if not user or not colon or not text.isprintable():
        raise _unusable(
            section,
            f"What {name} holds is no user:password.",
            "Write the two with a colon between them, and nothing else.",
        )
    return f"Basic {b64encode(text.encode()).decode()}"


def _unusable(section: str, message: str, fix: str) -> ConfigError:
    fault = ConfigFault(message, fix=fix, field=f"{section}.proxy_auth_env")
    return ConfigError("The proxy cannot be used:", faults=[fault])
