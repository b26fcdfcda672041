"""The settings of `[alerts]`: who is told of what, and when."""

from __future__ import annotations

from headgate.settings import forms, watching
from headgate.settings.durations import DAY
from headgate.settings.fields.section import Field, Section
from headgate.settings.kinds import ADDRESS, URL, VARIABLE, Choice, Duration, Formed, Text

__all__ = ["ALERTS"]

ALERTS = Section(
    "alerts",
    "Who is told when an alarm is given, an action taken or a certificate stale.",
    watching.AlertSettings,
    (
        Field(
            "webhook_url",
            URL,
            "Where alerts are posted as JSON; redirects are not followed.",
            otherwise="no webhook",
            example='"https://alerts.example.com/headgate"',
        ),
        Field(
            "webhook_secret_env",
            VARIABLE,
            "The variable with the secret that the posts are signed with.",
            otherwise="they are not signed",
            example='"ALERT_SECRET"',
        ),
        Field(
            "slack_url_env",
            VARIABLE,
            "The variable with the URL of an incoming webhook of Slack, or of what understands "
            "its posts.",
            otherwise="no Slack",
            example='"SLACK_WEBHOOK_URL"',
        ),
        Field(
            "smtp",
            ADDRESS,
            "The mail server.",
            otherwise="no mail",
            example='"smtp.example.com:587"',
        ),
        Field(
            "smtp_security",
            Choice("starttls", "tls", "none"),
            "How the connection to it is encrypted; none is for this machine only.",
        ),
        Field(
            "smtp_user",
            Text(200),
            "Who signs in there.",
            otherwise="nobody signs in",
            example='"headgate"',
        ),
        Field(
            "smtp_password_env",
            VARIABLE,
            "The variable with that user's password.",
            otherwise="nobody signs in",
            example='"SMTP_PASSWORD"',
        ),
        Field(
            "mail_from",
            Formed("mail address", forms.mail),
            "Who the mails are from.",
            otherwise="no mail",
            example='"headgate@example.com"',
        ),
        Field(
            "mail_to",
            Formed("mail addresses, separated by commas", forms.mails),
            "Who gets them.",
            otherwise="no mail",
            example='"ops@example.com, finance@example.com"',
        ),
        Field(
            "least",
            Choice("warning", "critical"),
            "The least severity that is told.",
        ),
        Field(
            "repeat",
            Duration(0, 366 * DAY),
            "The time after which what still holds is told again; 0s never.",
        ),
        Field(
            "quiet",
            Formed('"HH:MM-HH:MM"', forms.hours),
            "Hours in which only what is critical is told; the rest waits until they end.",
            otherwise="none",
            example='"22:00-07:00"',
        ),
        Field(
            "timezone",
            Formed("name of a time zone", forms.timezone),
            "The time zone of these hours.",
        ),
    ),
)
