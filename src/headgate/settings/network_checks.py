"""Who is called and who may call: no key goes astray, and no door stands open by mistake."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from headgate.settings.document import Path
from headgate.settings.draft import Draft
from headgate.settings.fields import SERVER
from headgate.settings.forms import is_loopback, split_address
from headgate.settings.places import beside, in_effect, known_of
from headgate.settings.providers import KNOWN, PLATFORMS

__all__ = ["check_network"]


def check_network(draft: Draft) -> None:
    """Note the faults and warnings of `providers`, `egress`, `server` and `keys`."""
    _check_providers(draft)
    _check_proxies(draft)
    _check_server(draft)
    _check_keys(draft)
    _check_admin(draft)


def _check_providers(draft: Draft) -> None:
    for name in draft.names("providers"):
        table: Path = ("providers", name)
        url = draft.values.get((*table, "base_url"), known_of(draft, table, "base_url"))
        beside(draft, (*table, "api_key_file"))
        if {(*table, "api_key_env"), (*table, "api_key_file")} <= draft.given.keys():
            draft.fault(
                (*table, "api_key_file"),
                "The key would be in two places: api_key_env names a variable for it.",
                "Keep one of the two lines.",
            )
        dialect = draft.values.get((*table, "dialect"), known_of(draft, table, "dialect"))
        if draft.values.get((*table, "traceparent")) and not draft.values.get(("watch", "otel")):
            draft.fault(
                (*table, "traceparent"),
                "There is no trace to tell it of: spans are not sent.",
                "Set otel = true below [watch], or remove the line.",
            )
        if not isinstance(url, str):
            continue
        parts = urlsplit(url)
        path = (*table, "base_url")
        if dialect == "anthropic" and parts.path.endswith("/v1"):
            draft.fault(
                path,
                "The base URL of an Anthropic dialect ends before /v1, which Headgate adds.",
                f'Write "{url.removesuffix("/v1")}".',
            )
        _check_platform(draft, table, dialect)
        key = _key_of(draft, table)
        _warn_of_no_path(draft, table, dialect)
        if parts.scheme == "http" and key and not is_loopback(parts.hostname or ""):
            draft.warn(
                path,
                "The key would go over the network unencrypted: the URL is http, not https.",
                "Use https, or an address of this machine.",
            )


def _key_of(draft: Draft, table: Path) -> object:
    """Where a provider's key is, if it has one."""
    variable = draft.values.get((*table, "api_key_env"), known_of(draft, table, "api_key_env"))
    return variable or draft.values.get((*table, "api_key_file"))


def _warn_of_no_path(draft: Draft, table: Path, dialect: object) -> None:
    known = KNOWN.get(str(table[1]))
    path = (*table, "base_url")
    if known is None or dialect != known.dialect or path not in draft.values:
        return
    parts, usual = urlsplit(str(draft.values[path])), urlsplit(known.base_url)
    if not parts.path and usual.path and usual.hostname == parts.hostname:
        draft.warn(
            path,
            "The usual base URL of this provider has a path, which is missing here.",
            f'Write "{known.base_url}".',
        )


def _check_platform(draft: Draft, table: Path, dialect: object) -> None:
    platform = draft.values.get((*table, "platform"))
    if platform is None:
        return
    if not {(*table, "api_key_env"), (*table, "api_key_file")} & set(draft.given):
        draft.warn(
            (*table, "platform"),
            "No key would be sent, and this platform asks for one.",
            "Add a line api_key_env with the variable that holds it, or api_key_file.",
        )
    if dialect != "anthropic":
        draft.fault(
            (*table, "platform"),
            "The platform's calls are made for Claude, in Anthropic's dialect.",
            'Write dialect = "anthropic", or remove the line.',
        )
    url = draft.values.get((*table, "base_url"))
    if platform == "vertex" and isinstance(url, str) and not _OF_PROJECT.search(url):
        draft.fault(
            (*table, "base_url"),
            "The URL names no project and no location, which every call to Vertex AI does.",
            f'Write "{PLATFORMS["vertex"].base_url}", or a region\'s.',
        )
    if platform == "bedrock" and isinstance(url, str) and urlsplit(url).path.strip("/"):
        draft.fault(
            (*table, "base_url"),
            "The URL of Bedrock's runtime has no path: Headgate adds the model's.",
            f'Write "{PLATFORMS["bedrock"].base_url}". An address that ends in '
            "/anthropic speaks the dialect plainly and needs no platform.",
        )


_OF_PROJECT = re.compile(r"/v1(?:beta1)?/projects/[^/]+/locations/[^/]+/?$")


def _check_proxies(draft: Draft) -> None:
    """Credentials are for a proxy that is named beside them: no other one ever sees them."""
    tables: list[Path] = [("egress",), *(("providers", name) for name in draft.names("providers"))]
    for table in tables:
        given = {key for key in ("proxy", "proxy_auth_env") if (*table, key) in draft.given}
        if given == {"proxy_auth_env"}:  # an empty proxy turns off what the file has
            draft.fault(
                (*table, "proxy_auth_env"),
                "There is no proxy beside it that the user and password are for.",
                'Add a line proxy = "http://host:port", or remove this one.',
            )


def _check_server(draft: Draft) -> None:
    key = draft.values.get(("server", "api_key_env"))
    listen = draft.values.get(("server", "listen"))
    address = split_address(listen) if isinstance(listen, str) else None
    keyed = ("server", "api_key_env") in draft.given
    if ("keys", "required") in draft.values:
        keyed |= draft.values["keys", "required"] is True
    if address and not is_loopback(address[0]) and not keyed:
        draft.warn(
            ("server", "listen"),
            "The gateway would be reachable from other machines, and asks callers for no key: "
            "whoever reaches it spends your money.",
            "Set api_key_env below [server] or [keys] required, or listen on 127.0.0.1.",
        )
    origins = draft.values.get(("server", "cors_origins"))
    if isinstance(origins, tuple) and "*" in origins and not keyed:
        draft.warn(
            ("server", "cors_origins"),
            "Every web page that somebody opens here could spend your money: all are let "
            "in, and no key is asked for.",
            "Name the pages' origins, or set api_key_env below [server] or [keys] required.",
        )
    for name in draft.names("providers"):
        table: Path = ("providers", name)
        theirs = draft.values.get((*table, "api_key_env"), known_of(draft, table, "api_key_env"))
        if key and key == theirs:
            draft.warn(
                ("server", "api_key_env"),
                f"Callers would have to know the key of provider {name}.",
                "Name a variable of its own.",
            )


def _check_keys(draft: Draft) -> None:
    """Keys that are asked for can be had."""
    path = ("keys", "required")
    url = draft.values.get(("ledger", "url"))
    if draft.values.get(path) is True and url == "memory:":
        draft.fault(
            path,
            "A ledger in memory holds no virtual keys, so nobody could have one.",
            "Set [ledger] url to sqlite:///headgate.db, or use [server] api_key_env.",
        )


def _check_admin(draft: Draft) -> None:
    """Beyond this machine the admin port needs a token that an operator chose, not callers' key."""
    table: Path = ("server",)
    path, token = (*table, "admin"), (*table, "admin_token_env")
    admin = in_effect(draft, SERVER, table, "admin")
    address = split_address(admin) if isinstance(admin, str) else None
    if address and not is_loopback(address[0]) and token not in draft.given:
        draft.fault(
            path,
            "The admin port would be reachable from other machines with no token of your choosing.",
            "Set admin_token_env below [server], or listen on 127.0.0.1.",
        )
    if token in draft.values and draft.values[token] == draft.values.get(("server", "api_key_env")):
        draft.fault(
            token,
            "Whoever may call models could also change keys and budgets.",
            "Name another variable than that of api_key_env.",
        )
    listen = in_effect(draft, SERVER, table, "listen")
    if address and address[1] and isinstance(listen, str) and split_address(listen) == address:
        draft.fault(path, "Callers use this address already.", "Give it a port of its own.")
