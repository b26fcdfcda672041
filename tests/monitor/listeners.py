"""Who alerts are sent to in tests: an HTTP server and a mail server on real sockets."""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

__all__ = ["Hook", "MailServer", "hook", "mail_server"]


class Hook(HTTPServer):
    """Takes posts, and answers each with the next of its statuses; the last one stays."""

    def __init__(self, statuses: Sequence[int], headers: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.statuses = list(statuses)
        self.headers = headers
        self.posts: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answering(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.posts.append((self.path, headers, body))
        statuses = self.server.statuses
        self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Tests need no access log."""


@contextmanager
def hook(*statuses: int, **headers: str) -> Iterator[Hook]:
    server = Hook(statuses or (204,), {name.replace("_", "-"): v for name, v in headers.items()})
    yield from _serving(server)


class MailServer(socketserver.ThreadingTCPServer):
    """As much of SMTP as a client needs to hand over a mail."""

    daemon_threads = True

    def __init__(
        self, refuse: str = "", tls: Path | None = None, starttls: Path | None = None
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Speaking)
        self.refuse = refuse
        """What is said to RCPT instead of yes."""
        self.tls, self.starttls = tls, starttls
        """The certificate and key to speak TLS by: from the start, or once it is asked for."""
        self.mails: list[str] = []
        self.lines: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Speaking(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        try:
            if self.server.tls is not None:
                self._seal(self.server.tls)
            self._converse()
        except (OSError, ValueError):  # the client does not like what it sees
            self.server.lines.append("(gone)")
        finally:
            self.request.close()

    def _seal(self, pem: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        self.finish()  # what reads and writes in the clear
        self.request = context.wrap_socket(self.request, server_side=True)
        self.setup()

    def _converse(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            self.server.lines.append(line)
            verb = line.partition(" ")[0].upper()
            if verb == "EHLO":
                offers = "STARTTLS" if self.server.starttls else "AUTH PLAIN"
                self._say(f"250-here\r\n250 {offers}")
            elif verb == "STARTTLS" and (pem := self.server.starttls):
                self._say("220 go on")
                self._seal(pem)
                self.server.starttls = None
            elif verb == "DATA":
                self._say("354 go on")
                self.server.mails.append(self._mail())
                self._say("250 taken")
            elif verb == "QUIT":
                self._say("221 bye")
                return
            elif verb == "RCPT" and self.server.refuse:
                self._say(self.server.refuse)
            elif verb == "AUTH":
                self._say("235 welcome")
            else:
                self._say("250 fine")

    def _mail(self) -> str:
        lines = []
        while (line := self.rfile.readline().decode()) != ".\r\n":
            lines.append(line)
        return "".join(lines)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def mail_server(refuse: str = "", /, **tls: Path) -> Iterator[MailServer]:
    yield from _serving(MailServer(refuse, **tls))


def _serving(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
