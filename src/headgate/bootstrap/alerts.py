"""Builds the ways that alerts take, from the settings and the secrets of the environment."""

from __future__ import annotations

import binascii
from collections.abc import Mapping

from headgate.bootstrap.egress import default_proxy
from headgate.bootstrap.variables import held
from headgate.errors import ConfigError, ConfigFault
from headgate.monitor.channels import Channel, Log, Mail, Slack, Webhook
from headgate.settings import split_address
from headgate.settings.forms import Refusal, url
from headgate.settings.schema import EgressSettings
from headgate.settings.watching import AlertSettings
from headgate.values import Proxy

__all__ = ["channels_of"]

DIRECT = EgressSettings()


def channels_of(
    settings: AlertSettings, env: Mapping[str, str], egress: EgressSettings = DIRECT
) -> list[Channel]:
    """The log, and what the settings name besides; hooks are reached as `egress` says.

    Raises:
        ConfigError: a variable is not set, or does not hold what it should; names each.
    """
    faults: list[ConfigFault] = []
    channels: list[Channel] = [Log()]
    if settings.webhook_url is not None:
        secret = _secret(settings.webhook_secret_env, "webhook_secret_env", env, faults)
        try:
            proxy = _proxy(settings.webhook_url, egress, env, faults)
            channels.append(Webhook(settings.webhook_url, secret, proxy=proxy))
        except binascii.Error:
            faults.append(
                _fault(
                    "webhook_secret_env",
                    f"What {settings.webhook_secret_env} holds begins with whsec_ and goes on with "
                    "what is no base64.",
                    "Copy the secret again.",
                )
            )
    if settings.slack_url_env is not None:
        address = _secret(settings.slack_url_env, "slack_url_env", env, faults)
        if address is not None and isinstance(url(address), Refusal):
            faults.append(
                _fault(
                    "slack_url_env",
                    f"What {settings.slack_url_env} holds is not an http or https URL.",
                    "Copy the incoming webhook's URL again.",
                )
            )
        elif address is not None:
            channels.append(Slack(address, proxy=_proxy(address, egress, env, faults)))
    mail = _mail(settings, env, faults)
    if mail is not None:
        channels.append(mail)
    if faults:
        raise ConfigError("Alerts cannot be sent as the settings say:", faults=faults)
    return channels


def _proxy(
    url: str, egress: EgressSettings, env: Mapping[str, str], faults: list[ConfigFault]
) -> Proxy | None:
    try:
        return default_proxy(url, egress, env)
    except ConfigError as error:
        known = {str(fault) for fault in faults}  # two hooks have one proxy
        faults += [fault for fault in error.told if str(fault) not in known]
        return None


def _mail(
    settings: AlertSettings, env: Mapping[str, str], faults: list[ConfigFault]
) -> Mail | None:
    address = split_address(settings.smtp) if settings.smtp is not None else None
    if address is None or settings.mail_from is None or settings.mail_to is None:
        return None
    login = None
    if settings.smtp_user is not None:
        password = _secret(settings.smtp_password_env, "smtp_password_env", env, faults)
        login = None if password is None else (settings.smtp_user, password)
    return Mail(
        *address,
        sender=settings.mail_from,
        receivers=settings.mail_to.split(", "),
        security=settings.smtp_security,
        login=login,
    )


def _secret(
    name: str | None, field: str, env: Mapping[str, str], faults: list[ConfigFault]
) -> str | None:
    if name is None:
        return None
    found = held(env, name)
    if isinstance(found, Refusal):
        faults.append(_fault(field, found.message, found.fix))
        return None
    if not found:
        faults.append(
            _fault(
                field,
                f"The environment variable {name} is not set.",
                f"Set it (export {name}=...), or remove the line.",
            )
        )
        return None
    return found


def _fault(field: str, message: str, fix: str) -> ConfigFault:
    return ConfigFault(message, fix=fix, field=f"alerts.{field}")
