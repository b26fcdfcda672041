"""channels: what really goes over the wire, to a real HTTP server and a real mail server."""

from __future__ import annotations

import base64
import email
import email.policy
import hashlib
import hmac
import json
import logging
import socket
import ssl
from pathlib import Path
from typing import Literal

import pytest

from headgate.monitor.alerting import Alert
from headgate.monitor.channels import (
    TRIES,
    Channel,
    Log,
    Mail,
    NotDeliveredError,
    Slack,
    Webhook,
    deliver,
    signature,
)
from headgate.monitor.reaching import Found
from tests.ledger.samples import NOON_US
from tests.monitor.listeners import MailServer, hook, mail_server
from tests.monitor.test_reaching import at
from tests.proxies import ESTABLISHED, forwarding_beside

AT = NOON_US / 1e6
Security = Literal["starttls", "tls"]
ALERT = Alert(
    id="alert_1f",
    subject="escalation",
    news="raised",
    level="warning",
    at_us=NOON_US,
    since_us=NOON_US - 60_000_000,
    title="Escalation has gone above its budget of 15.0 %",
    text="22.0 % escalated <lately> & größer.",
)


def delivered(channel: Channel, alert: Alert = ALERT) -> tuple[str | None, list[float]]:
    waits: list[float] = []
    return deliver(channel, alert, clock=lambda: AT, wait=waits.append), waits


def test_a_webhook_gets_the_alert_as_json():
    with hook() as server:
        assert delivered(Webhook(f"{server.url}/a?b=c")) == (None, [])
    ((path, headers, body),) = server.posts
    assert path == "/a?b=c"
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == ALERT.id
    assert "webhook-signature" not in headers
    found = json.loads(body)
    assert found["type"] == "headgate.alert.raised"
    assert found["since"] == "2026-11-23T11:59:00Z"
    assert found["text"] == ALERT.text


@pytest.mark.parametrize("secret", ["plain words", "whsec_" + base64.b64encode(b"k" * 32).decode()])
def test_the_signature_covers_id_time_and_body(secret: str):
    key = b"k" * 32 if secret.startswith("whsec_") else secret.encode()
    with hook() as server:
        assert delivered(Webhook(server.url, secret))[0] is None
    ((_, headers, body),) = server.posts
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{wanted}"
    assert headers["webhook-timestamp"] == str(int(AT))
    assert secret not in str(headers)


def test_the_signature_is_that_of_the_specification():
    """The example of the specification's own documents."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    found = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_server_in_trouble_is_tried_again_with_pauses_that_double():
    with hook(503, 500, 204) as server:
        assert delivered(Webhook(server.url)) == (None, [2.0, 4.0])
    assert len({headers["webhook-id"] for _, headers, _ in server.posts}) == 1
    with hook(503) as server:
        why, waits = delivered(Webhook(server.url))
    assert why == "the answer was 503"
    assert len(waits) == TRIES - 1


def test_the_server_may_say_how_long_to_wait():
    with hook(429, 204, retry_after="7") as server:
        assert delivered(Webhook(server.url)) == (None, [7.0])
    with hook(429, 204, retry_after="86400") as server:
        assert delivered(Webhook(server.url)) == (None, [60.0])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_what_will_not_change_is_not_tried_again(status: int):
    with hook(status) as server:
        assert delivered(Webhook(server.url)) == (f"the answer was {status}", [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status: int):
    with hook() as inner, hook(status, location=f"{inner.url}/inside") as server:
        why, waits = delivered(Webhook(server.url))
        assert "redirects are not followed" in str(why)
        assert waits == []
        assert inner.posts == []


def test_no_proxy_of_the_environment_is_used(monkeypatch):
    with hook() as proxy, hook() as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert delivered(Webhook(server.url))[0] is None
        assert proxy.posts == []


@pytest.mark.parametrize("kind", [Webhook, Slack])
def test_a_hook_is_reached_through_the_proxy_that_is_configured(kind):
    with hook() as server, forwarding_beside(ESTABLISHED) as proxy:
        signed = proxy.proxy("Basic secret")
        assert delivered(kind(f"{server.url}/hook", proxy=signed)) == (None, [])
        ((path, headers, _),) = server.posts
        assert path == "/hook"
        assert headers["host"] == proxy.ends[0] == server.url.removeprefix("http://")
        assert b"Proxy-Authorization: Basic secret\r\n" in proxy.asked[0]
        assert "secret" not in str(headers)


def test_a_proxy_that_refuses_is_said_to_have_done_so():
    with forwarding_beside(b"HTTP/1.1 407 Sign in, secret\r\n\r\n") as proxy:
        why, waits = delivered(Webhook("https://hook.invalid", proxy=proxy.proxy()))
        assert why == "the answer was 407, through the proxy"
        assert len(waits) == TRIES - 1
        assert proxy.ends == ["hook.invalid:443"] * TRIES


def test_a_hook_in_tls_shows_its_own_certificate_behind_a_proxy(certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with hook() as server, forwarding_beside(ESTABLISHED) as proxy:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        url = server.url.replace("http:", "https:")
        assert delivered(Webhook(url, proxy=proxy.proxy(), context=trusting))[0] is None
        assert len(server.posts) == 1
        why, _ = delivered(Webhook(url, proxy=proxy.proxy()))
        assert "no secure connection" in str(why)


def test_nobody_at_home_is_said_without_the_address():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    why, waits = delivered(Slack(f"http://127.0.0.1:{port}/services/SECRET"))
    assert why is not None
    assert "SECRET" not in why
    assert len(waits) == TRIES - 1


def test_a_channel_shows_where_it_leads_without_its_secret():
    assert Slack("https://hooks.example.com/services/T/B/x").where == "https://hooks.example.com"
    assert Webhook("http://u.example:81/token").where == "http://u.example:81"


def test_slack_gets_text_in_which_nothing_is_markup():
    with hook() as server:
        assert delivered(Slack(f"{server.url}/services/x"))[0] is None
    ((_, _, body),) = server.posts
    text = json.loads(body)["text"]
    assert text.startswith(":warning: *Escalation has gone above its budget of 15.0 %*\n")
    assert "&lt;lately&gt; &amp; größer" in text


def test_a_mail_arrives_with_subject_text_and_date():
    with mail_server() as server:
        mail = Mail(
            "127.0.0.1",
            server.port,
            sender="headgate@example.com",
            receivers=["a@example.com", "b@example.com"],
            security="none",
        )
        assert delivered(mail) == (None, [])
    (text,) = server.mails
    found = email.message_from_string(text, policy=email.policy.default)
    assert found["subject"] == f"[Headgate] {ALERT.title}"
    assert found["to"] == "a@example.com, b@example.com"
    assert found["date"].startswith("Mon, 23 Nov 2026 12:00:00")
    assert "größer" in found.get_content()
    assert sum(line.startswith("rcpt") for line in map(str.lower, server.lines)) == 2


def test_a_title_cannot_add_headers_to_a_mail():
    sly = Alert(
        **{**{f: getattr(ALERT, f) for f in ALERT.__struct_fields__}, "title": "a\r\nBcc: x@y"}
    )
    with mail_server() as server:
        mail = Mail("127.0.0.1", server.port, sender="a@b", receivers=["c@d"], security="none")
        assert delivered(mail, sly)[0] is None
    found = email.message_from_string(server.mails[0], policy=email.policy.default)
    assert found["bcc"] is None
    assert found["subject"] == "[Headgate] a Bcc: x@y"


def test_who_has_a_password_signs_in():
    with mail_server() as server:
        mail = Mail(
            "127.0.0.1",
            server.port,
            sender="a@b",
            receivers=["c@d"],
            security="none",
            login=("me", "secret"),
        )
        assert delivered(mail)[0] is None
    (line,) = (line for line in server.lines if line.upper().startswith("AUTH"))
    assert base64.b64decode(line.split()[-1]) == b"\0me\0secret"


@pytest.mark.parametrize(("refusal", "tries"), [("550 no such user", 1), ("451 later", TRIES)])
def test_a_mail_that_is_refused_for_good_is_not_tried_again(refusal: str, tries: int):
    with mail_server(refusal) as server:
        mail = Mail("127.0.0.1", server.port, sender="a@b", receivers=["c@d"], security="none")
        why, waits = delivered(mail)
    assert why is not None
    assert len(waits) == tries - 1
    assert server.mails == []


def test_without_starttls_at_the_server_nothing_is_sent_in_the_clear():
    with mail_server() as server:
        mail = Mail(
            "127.0.0.1", server.port, sender="a@b", receivers=["c@d"], login=("me", "secret")
        )
        assert delivered(mail)[0] is not None
    assert not any(line.upper().startswith(("AUTH", "MAIL")) for line in server.lines)


def sealed(server: MailServer, trusted: Path | None, security: Security) -> Mail:
    return Mail(
        "127.0.0.1",
        server.port,
        sender="a@b",
        receivers=["c@d"],
        security=security,
        login=("me", "secret"),
        context=None if trusted is None else ssl.create_default_context(cafile=trusted),
    )


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_mail_goes_by_a_server_that_speaks_tls(certificate: Path, security: Security):
    with mail_server(**{security: certificate}) as server:
        assert delivered(sealed(server, certificate, security))[0] is None
    assert any(line.upper().startswith("AUTH") for line in server.lines)
    assert ALERT.subject in server.mails[0]


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(
    certificate: Path, security: Security
):
    with mail_server(**{security: certificate}) as server:
        why, waits = delivered(sealed(server, None, security))
    assert why is not None
    assert "CERTIFICATE_VERIFY_FAILED" in why
    assert len(waits) == TRIES - 1
    assert not any(line.upper().startswith(("AUTH", "MAIL")) for line in server.lines)


def test_a_server_in_the_clear_is_told_nothing_by_one_that_speaks_tls(certificate: Path):
    with mail_server() as server:
        why, _ = delivered(sealed(server, certificate, "tls"))
    assert why is not None
    assert not any(line.upper().startswith(("EHLO", "AUTH", "MAIL")) for line in server.lines)


@pytest.mark.parametrize(
    ("level", "news", "logged"),
    [
        ("warning", "raised", logging.WARNING),
        ("critical", "raised", logging.ERROR),
        ("critical", "cleared", logging.INFO),
    ],
)
def test_the_log_gets_a_line(caplog, level, news, logged: int):
    fields = {field: getattr(ALERT, field) for field in ALERT.__struct_fields__}
    with caplog.at_level(logging.INFO, "headgate.alerts"):
        assert delivered(Log(), Alert(**{**fields, "level": level, "news": news}))[0] is None
    ((_, found, text),) = caplog.record_tuples
    assert found == logged
    assert ALERT.title in text


def test_a_defect_of_a_channel_ends_nothing():
    class Broken:
        name = where = "broken"

        def send(self, alert: Alert, at: float) -> None:
            raise RuntimeError("secret")

    assert delivered(Broken()) == ("a defect of Headgate: RuntimeError", [])


def test_what_was_not_delivered_says_whether_to_try_again():
    assert NotDeliveredError("no", again=True).again


def test_each_channel_goes_to_whichever_address_of_its_host_answers():
    with hook() as server, mail_server() as mails:

        def lookup(host: str, port: int) -> list[Found]:
            assert host == "two.example"
            with socket.create_server(("127.0.0.1", 0)) as gone:
                return [at(gone.getsockname()), at(("127.0.0.1", port))]

        url = f"http://two.example:{server.server_port}"
        port = mails.server_address[1]
        mail = Mail(
            "two.example",
            port,
            sender="a@b.example",
            receivers=["c@d.example"],
            security="none",
            lookup=lookup,
        )
        assert delivered(Webhook(url, lookup=lookup)) == (None, [])
        assert delivered(mail) == (None, [])
    assert (len(server.posts), len(mails.mails)) == (1, 1)
