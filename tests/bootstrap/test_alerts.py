"""alerts: the channels of the settings, their secrets from the environment, faults all at once."""

from __future__ import annotations

import pytest

from headgate.bootstrap.alerts import channels_of
from headgate.errors import ConfigError
from headgate.settings.schema import EgressSettings
from headgate.settings.watching import AlertSettings

ALL = AlertSettings(
    webhook_url="https://a.example/hook",
    webhook_secret_env="HOOK",
    slack_url_env="SLACK",
    smtp="mail.example:587",
    smtp_user="me",
    smtp_password_env="MAIL",
    mail_from="a@b",
    mail_to="c@d, e@f",
)
ENV = {"HOOK": "whsec_a2V5", "SLACK": "https://hooks.example/services/T/x", "MAIL": "pass"}


def test_without_settings_the_log_alone_is_told():
    assert [channel.name for channel in channels_of(AlertSettings(), {})] == ["log"]


def test_every_channel_of_the_settings_is_made_and_shows_no_secret():
    channels = channels_of(ALL, ENV)
    assert [channel.name for channel in channels] == ["log", "webhook", "slack", "mail"]
    shown = " ".join(channel.where for channel in channels)
    assert "c@d, e@f by mail.example:587" in shown
    for secret in ENV.values():
        assert secret not in shown


def test_all_missing_variables_are_named_at_once():
    with pytest.raises(ConfigError) as caught:
        channels_of(ALL, {})
    assert [fault.field for fault in caught.value.faults] == [
        "alerts.webhook_secret_env",
        "alerts.slack_url_env",
        "alerts.smtp_password_env",
    ]


def test_hooks_outside_go_by_the_default_proxy_and_its_credentials_are_asked_for_once():
    egress = EgressSettings(proxy="http://proxy.example:3128", proxy_auth_env="AUTH")
    with pytest.raises(ConfigError) as caught:
        channels_of(ALL, ENV, egress)
    assert [fault.field for fault in caught.value.faults] == ["egress.proxy_auth_env"]
    assert len(channels_of(ALL, {**ENV, "AUTH": "me:pass"}, egress)) == 4
    inside = AlertSettings(webhook_url="http://localhost:9/hook")
    assert len(channels_of(inside, {}, egress)) == 2


@pytest.mark.parametrize(
    ("name", "value"), [("HOOK", "whsec_!"), ("SLACK", "hooks.example"), ("SLACK", "file:///etc")]
)
def test_a_secret_of_the_wrong_form_is_refused_without_being_shown(name: str, value: str):
    with pytest.raises(ConfigError) as caught:
        channels_of(ALL, {**ENV, name: value})
    assert name in str(caught.value)
    assert value not in str(caught.value)
