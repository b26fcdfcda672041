"""Brings an alert to people: a signed webhook, Slack, mail, the log; each tried a few times.

Only the configured address is ever called, a hook through the configured proxy if there is one: no
redirect is followed, no proxy is taken from the environment, and what comes back is not passed on.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Literal, NamedTuple, Protocol
from urllib.parse import urlsplit

from headgate.monitor.alerting import Alert
from headgate.monitor.reaching import Lookup, Mailer, MailerInTls, connected, system_lookup
from headgate.values import Proxy

__all__ = [
    "Channel",
    "Log",
    "Mail",
    "NotDeliveredError",
    "Slack",
    "Webhook",
    "deliver",
    "signature",
]

_log = logging.getLogger("headgate.alerts")

TIMEOUT = 10.0
"""Seconds for a connection and for each answer."""
TRIES = 4
BACKOFF = 2.0
"""Seconds before the second try; doubled before each further one."""
LONGEST_WAIT = 60.0
"""Seconds; a longer Retry-After counts as this."""


class NotDeliveredError(Exception):
    """A channel did not take an alert; `again` says whether another try makes sense."""

    def __init__(self, why: str, *, again: bool, after: float | None = None) -> None:
        super().__init__(why)
        self.again = again
        self.after = after


class Channel(Protocol):
    """One way to tell people."""

    @property
    def name(self) -> str:
        """What events and `headgate alerts list` call it."""

    @property
    def where(self) -> str:
        """Where it leads, without anything secret."""

    def send(self, alert: Alert, at: float) -> None:
        """Try once; `at` is the time, seconds since 1970.

        Raises:
            NotDeliveredError: it was not taken.
        """


def deliver(
    channel: Channel, alert: Alert, *, clock: Callable[[], float], wait: Callable[[float], object]
) -> str | None:
    """Send an alert, with pauses that double; None once it is delivered, else why it is not.

    Never raises: whoever watches must go on.
    """
    pause, why = BACKOFF, ""
    for number in range(TRIES):
        if number:
            wait(pause)
            pause = min(pause * 2, LONGEST_WAIT)
        try:
            channel.send(alert, clock())
        except NotDeliveredError as error:
            why = str(error)
            if not error.again:
                return why
            if error.after is not None:
                pause = min(error.after, LONGEST_WAIT)
        except Exception as error:  # noqa: BLE001 - a channel's defect must not end the watch
            return f"a defect of Headgate: {type(error).__name__}"
        else:
            return None
    return why


class Log:
    """The gateway's own log."""

    name = "log"
    where = "the gateway's log"

    def send(self, alert: Alert, at: float) -> None:  # noqa: ARG002 - the log has its own time
        """Write one line."""
        level = logging.ERROR if alert.level == "critical" else logging.WARNING
        if alert.news in ("cleared", "test"):
            level = logging.INFO
        _log.log(level, "%s %s: %s. %s", alert.subject, alert.news, alert.title, alert.text)


class Webhook:
    """A POST of JSON, signed after the Standard Webhooks specification where there is a secret.

    Args:
        url: http or https.
        secret: `whsec_` and base64, or any text.
        proxy: the forward proxy that it is reached through; None: directly.
        context: how certificates are verified; None for the system's usual way.
        lookup: what addresses a host has.
    """

    name = "webhook"

    def __init__(
        self,
        url: str,
        secret: str | None = None,
        *,
        proxy: Proxy | None = None,
        context: ssl.SSLContext | None = None,
        lookup: Lookup = system_lookup,
    ) -> None:
        self._hook = _Hook(url, proxy, context, lookup)
        self._key = None if secret is None else _key(secret)

    @property
    def where(self) -> str:
        """The URL without its path, which may hold a token."""
        return self._hook.origin

    def send(self, alert: Alert, at: float) -> None:
        """Post the alert."""
        body = json.dumps(document(alert), ensure_ascii=False).encode()
        stamp = str(int(at))
        headers = {"webhook-id": alert.id, "webhook-timestamp": stamp}
        if self._key is not None:
            headers["webhook-signature"] = signature(self._key, alert.id, stamp, body)
        self._hook.post(body, headers)


class Slack:
    """An incoming webhook of Slack, or of what understands its posts."""

    name = "slack"

    def __init__(
        self, url: str, *, proxy: Proxy | None = None, context: ssl.SSLContext | None = None
    ) -> None:
        self._hook = _Hook(url, proxy, context)

    @property
    def where(self) -> str:
        """The URL without its path, which is the secret."""
        return self._hook.origin

    def send(self, alert: Alert, at: float) -> None:  # noqa: ARG002 - Slack has its own time
        """Post the alert as text."""
        mark = {"raised": ":warning:", "repeated": ":warning:", "cleared": ":white_check_mark:"}
        title = f"{mark.get(alert.news, ':bell:')} *{_slack_text(alert.title)}*"
        text = f"{title}\n{_slack_text(alert.text)}".strip()
        self._hook.post(json.dumps({"text": text}).encode(), {})


class Mail:
    """Mail by SMTP.

    Args:
        host, port: the mail server.
        sender, receivers: addresses.
        security: how the connection is encrypted.
        login: user and password; None signs nobody in.
        context: how certificates are verified; None for the system's usual way.
        lookup: what addresses a host has.
    """

    name = "mail"

    def __init__(
        self,
        host: str,
        port: int,
        *,
        sender: str,
        receivers: Sequence[str],
        security: Literal["starttls", "tls", "none"] = "starttls",
        login: tuple[str, str] | None = None,
        context: ssl.SSLContext | None = None,
        lookup: Lookup = system_lookup,
    ) -> None:
        self._host, self._port = host, port
        self._sender, self._receivers = sender, tuple(receivers)
        self._security = security
        self._login = login
        self._context = context
        self._lookup = lookup

    @property
    def where(self) -> str:
        """Who gets it, by which server."""
        return f"{', '.join(self._receivers)} by {self._host}:{self._port}"

    def send(self, alert: Alert, at: float) -> None:
        """Send one mail."""
        message = EmailMessage()
        message["From"], message["To"] = self._sender, ", ".join(self._receivers)
        message["Subject"] = f"[Headgate] {_line(alert.title)}"
        message["Date"] = format_datetime(datetime.fromtimestamp(at, UTC))
        digest = hashlib.sha256(alert.id.encode()).hexdigest()[:32]
        message["Message-ID"] = f"<{digest}@headgate>"
        message.set_content(
            f"{alert.title}.\n\n{alert.text}\n\nSubject: {alert.subject}\n", cte="quoted-printable"
        )
        try:
            with self._connected() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = {code for code, _ in error.recipients.values()}
            again = any(400 <= code < 500 for code in codes)
            raise NotDeliveredError(
                f"the server said {', '.join(map(str, sorted(codes)))} to all receivers",
                again=again,
            ) from error
        except smtplib.SMTPResponseException as error:
            again = 400 <= error.smtp_code < 500
            raise NotDeliveredError(f"the server said {error.smtp_code}", again=again) from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotDeliveredError(_plain(error), again=True) from error

    def _connected(self) -> smtplib.SMTP:
        context = self._context or ssl.create_default_context()
        if self._security == "tls":
            server: smtplib.SMTP = MailerInTls(
                self._host, self._port, timeout=TIMEOUT, lookup=self._lookup, context=context
            )
        else:
            server = Mailer(self._host, self._port, timeout=TIMEOUT, lookup=self._lookup)
        try:
            if self._security == "starttls":
                server.starttls(context=context)
            if self._login is not None:
                server.login(*self._login)
        except BaseException:
            server.close()
            raise
        return server


def document(alert: Alert) -> dict[str, str]:
    """What a webhook gets."""
    return {
        "type": f"headgate.alert.{alert.news}",
        "id": alert.id,
        "subject": alert.subject,
        "news": alert.news,
        "level": alert.level,
        "at": _moment(alert.at_us),
        "since": _moment(alert.since_us),
        "title": alert.title,
        "text": alert.text,
    }


def signature(key: bytes, identity: str, stamp: str, body: bytes) -> str:
    """`v1,` and the base64 of HMAC-SHA256 over id, time-stamp and body, with dots between.

    https://github.com/standard-webhooks/standard-webhooks, version 1.
    """
    signed = f"{identity}.{stamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"


def _key(secret: str) -> bytes:
    if secret.startswith("whsec_"):
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    return secret.encode()


class _Hook(NamedTuple):
    """A URL that takes posts, and the way there."""

    url: str
    proxy: Proxy | None
    context: ssl.SSLContext | None
    lookup: Lookup = system_lookup

    @property
    def origin(self) -> str:
        """The URL without its path, which may hold a secret."""
        parts = urlsplit(self.url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}"

    def post(self, body: bytes, headers: dict[str, str]) -> None:
        """Post once.

        Raises:
            NotDeliveredError: it was not taken.
        """
        parts = urlsplit(self.url)
        path = parts.path or "/"
        target = f"{path}?{parts.query}" if parts.query else path
        sent = {"content-type": "application/json", "user-agent": "headgate", **headers}
        connection = self._connection()
        try:
            connection.request("POST", target, body, sent)
            answer = connection.getresponse()
            status, after = answer.status, answer.getheader("retry-after", "")
        except (OSError, HTTPException) as error:
            way = "" if self.proxy is None else ", through the proxy"
            raise NotDeliveredError(f"{_plain(error)}{way}", again=True) from error
        finally:
            connection.close()
        if 200 <= status < 300:
            return
        if 300 <= status < 400:
            raise NotDeliveredError(f"{status}: redirects are not followed", again=False)
        raise NotDeliveredError(
            f"the answer was {status}",
            again=status >= 500 or status in (408, 425, 429),
            after=float(after) if after.isdecimal() else None,
        )

    def _connection(self) -> HTTPConnection:
        parts = urlsplit(self.url)
        host, port = parts.hostname or "", parts.port
        proxy = self.proxy
        first = (host, port) if proxy is None else (proxy.host, proxy.port)
        if parts.scheme == "https":
            secure = self.context or ssl.create_default_context()
            made: HTTPConnection = HTTPSConnection(*first, timeout=TIMEOUT, context=secure)
        else:
            made = HTTPConnection(*first, timeout=TIMEOUT)
        # what the library connects by; without it each address in turn has the whole time
        made._create_connection = self._connected  # type: ignore[attr-defined]  # noqa: SLF001
        if proxy is not None:
            signed = proxy.authorization
            made.set_tunnel(host, port, {} if signed is None else {"Proxy-Authorization": signed})
        return made

    def _connected(self, address: tuple[str, int], within: float, _: object) -> socket.socket:
        return connected(address, within, lookup=self.lookup)


_REFUSED = re.compile(r"Tunnel connection failed: (\d{3})\b")
"""What http.client says where a proxy does not connect; it is an OSError without a number."""


def _plain(error: Exception) -> str:
    """What went wrong, in words that hold no address or secret."""
    if isinstance(error, ssl.SSLError):
        return f"no secure connection: {error.reason or type(error).__name__}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    refused = _REFUSED.match(str(error))
    if refused is not None:
        return f"the answer was {refused[1]}"
    return type(error).__name__


def _slack_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _line(text: str) -> str:
    return " ".join(text.split())


def _moment(at_us: int) -> str:
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).isoformat().replace("+00:00", "Z")
