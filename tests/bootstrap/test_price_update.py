"""price_update: a feed is fetched and put into use whole, or the list in use stays as it is."""

from __future__ import annotations

import contextlib
import gc
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import msgspec
import pytest
from genai_prices.data import providers
from tools.compile_prices import feed_of

from headgate.bootstrap.price_update import UpdateError, fetch, read_feed, update
from headgate.prices.snapshots import Snapshots
from headgate.prices.table import Table
from headgate.values import Proxy
from tests.prices.feeds import NOON, feed, model, provider, table
from tests.proxies import ESTABLISHED, forwarding_beside


def priced(price, **more):
    return model({"input_mtok": price, "output_mtok": 5}, **more)


def updated(tmp_path: Path, data: bytes, **how):
    held = table(tmp_path / "held", priced(1))
    return update(data, Snapshots(tmp_path / "prices"), held, clock=lambda: NOON, **how)


def refused(tmp_path: Path, data: bytes, **how) -> str:
    with pytest.raises(UpdateError) as caught:
        updated(tmp_path, data, **how)
    assert caught.value.exit_code == 1
    return str(caught.value)


def in_use(tmp_path: Path) -> Table | None:
    return Snapshots(tmp_path / "prices").newest()


def test_a_good_feed_is_put_into_use(tmp_path):
    done = updated(tmp_path, feed(provider(priced(2), priced(3, id="n"))))
    assert done.review.added == ("p/n",)
    assert [change.after for change in done.review.changes] == [2_000_000]
    assert not done.same
    taken = in_use(tmp_path)
    assert taken is not None
    assert [entry.id for entry in taken.models("p")] == ["m", "n"]
    assert taken.index.compiled == NOON.date()
    assert done.source == f"genai-prices {taken.index.version} (2026-11-20)"
    assert taken.index.version.startswith("feed ")


def test_a_feed_that_says_the_same_is_taken_as_news_of_today(tmp_path):
    done = updated(tmp_path, feed(provider(priced(1))))
    assert done.same
    assert in_use(tmp_path) is not None


def test_a_trial_leaves_nothing(tmp_path):
    done = updated(tmp_path, feed(provider(priced(2))), dry_run=True)
    assert done.path is None
    assert list((tmp_path / "prices").iterdir()) == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "cannot be used"),
        (feed(provider(priced(1)))[:-5], "cannot be used"),
        (feed(provider(priced(-1))), "p/m: input_mtok is -1"),
        (feed(provider(priced(0.00000015))), "too fine"),
    ],
)
def test_what_is_malformed_is_never_taken(tmp_path, data, said):
    for accept in (False, True):
        assert said in refused(tmp_path, data, accept=accept)
    assert in_use(tmp_path) is None


def test_a_tenfold_price_is_refused_with_both_numbers_until_it_is_accepted(tmp_path):
    data = feed(provider(priced(10)))
    text = refused(tmp_path, data)
    assert "p/m: input $1.00 -> $10.00 per million tokens." in text
    assert text.endswith("The list in use is kept. If this is right, run it again with --accept.")
    assert in_use(tmp_path) is None
    assert list((tmp_path / "prices").iterdir()) == []
    assert updated(tmp_path, data, accept=True).path is not None


def test_a_long_list_of_doubts_is_cut(tmp_path):
    held = table(tmp_path / "held", *(priced(1, id=f"m{n}") for n in range(30)))
    data = feed(provider(*(priced(10, id=f"m{n}") for n in range(30))))
    with pytest.raises(UpdateError, match="… and 20 more") as caught:
        update(data, Snapshots(tmp_path / "prices"), held, clock=lambda: NOON)
    assert str(caught.value).count("->") == 10


def test_a_refused_feed_leaves_the_fetched_list_before_it_in_use(tmp_path):
    updated(tmp_path, feed(provider(priced(2))))
    before = sorted((tmp_path / "prices").rglob("*"))
    refused(tmp_path, feed(provider(priced(100))))
    refused(tmp_path, b"[]")
    assert sorted((tmp_path / "prices").rglob("*")) == before


def test_a_directory_that_cannot_be_written_is_said_to_be_so(tmp_path):
    (tmp_path / "prices").write_text("a file")
    text = refused(tmp_path, feed(provider(priced(1))))
    assert f"{tmp_path / 'prices'} cannot be written" in text
    assert "price_list.directory" in text


def test_a_clock_that_is_behind_is_told_because_the_new_list_would_not_be_used(tmp_path):
    held = table(tmp_path / "held", priced(1))
    with pytest.raises(UpdateError, match="clock says 2026-11-19, but the list in use is of"):
        update(
            feed(provider(priced(1))),
            Snapshots(tmp_path / "prices"),
            held,
            accept=True,
            clock=lambda: NOON - timedelta(days=1),
        )
    assert in_use(tmp_path) is None


def test_a_feed_in_a_file_is_read(tmp_path):
    (tmp_path / "data.json").write_bytes(b"[]")
    assert read_feed(tmp_path / "data.json") == b"[]"
    with pytest.raises(UpdateError, match="cannot be read"):
        read_feed(tmp_path / "nowhere.json")


@contextlib.contextmanager
def server(
    status: int,
    body: bytes,
    *,
    promised: int | None = None,
    tls: ssl.SSLContext | None = None,
    asked: list[tuple[str, Message]] | None = None,
    location: str | None = None,
) -> Iterator[str]:
    """An HTTP server of one answer.

    `promised` is the length that its head states; `asked` gets what was asked for, with which head.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if asked is not None:
                asked.append((self.path, self.headers))
            self.send_response(status)
            if location is not None:
                self.send_header("location", location)
            self.send_header("content-length", str(len(body) if promised is None else promised))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        if tls is not None:
            http.socket = tls.wrap_socket(http.socket, server_side=True)
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://127.0.0.1:{http.server_port}/data.json"
        finally:
            http.shutdown()
            thread.join()


def unfetched(url: str, **how) -> str:
    with pytest.raises(UpdateError) as caught:
        fetch(url, **how)
    return str(caught.value)


def test_the_body_is_fetched():
    body = b"x" * 300_000
    with server(200, body) as url:
        assert fetch(url) == body


def test_an_error_status_is_told_and_how_to_go_on():
    with server(404, b"no such file") as url:
        text = unfetched(url)
    assert text.startswith(f"{url} answered with HTTP 404. The list in use is kept.")
    assert "--from FILE" in text


def test_a_body_that_is_too_large_is_given_up():
    with server(200, b"x" * 5000) as url:
        assert "larger than 1 KiB" in unfetched(url, largest=1024)


def test_a_body_that_breaks_off_is_not_taken():
    with server(200, b"x" * 10, promised=1000) as url:
        assert "broke off: 990 bytes did not arrive" in unfetched(url)


def test_nobody_at_the_address_is_told():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "cannot be fetched" in unfetched(f"http://127.0.0.1:{port}/")


def test_a_server_that_falls_silent_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert "took longer than 0.05 s" in unfetched(url, timeout=0.05)


def test_a_server_that_trickles_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as slow:

        def trickle() -> None:
            connection, _ = slow.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
                while True:
                    connection.sendall(b"x")
                    threading.Event().wait(0.01)

        thread = threading.Thread(target=trickle)
        thread.start()
        url = f"http://127.0.0.1:{slow.getsockname()[1]}/"
        assert "took longer than 0.1 s" in unfetched(url, timeout=0.1)
        thread.join()


def test_a_server_that_speaks_no_http_is_told():
    with socket.create_server(("127.0.0.1", 0)) as odd:

        def answer() -> None:
            connection, _ = odd.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"SSH-2.0\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        assert "cannot be fetched" in unfetched(f"http://127.0.0.1:{odd.getsockname()[1]}/")
        thread.join()


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/x", "data.json", ""])
def test_only_http_and_https_are_fetched(url):
    assert "is no http or https address" in unfetched(url)


def test_the_whole_list_can_be_taken_as_it_would_be_fetched(tmp_path):
    encoder = msgspec.json.Encoder(decimal_format="number")
    data = encoder.encode(feed_of(providers))
    later = NOON.replace(year=2027)
    done = update(data, Snapshots(tmp_path), Table.shipped(), clock=lambda: later)
    assert done.same
    assert done.review.models > 2000


def test_the_environments_proxies_are_not_used(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with server(200, b"x") as url:
        assert fetch(url) == b"x"


def test_an_https_feed_is_fetched_through_the_proxy_and_its_redirect_too(monkeypatch, certificate):
    monkeypatch.setenv("NO_PROXY", "*")  # of the environment, so not heeded
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    asked: list[tuple[str, Message]] = []
    with (
        forwarding_beside(ESTABLISHED) as proxy,
        server(200, b"prices", tls=tls, asked=asked) as there,
        server(302, b"", tls=tls, asked=asked, location=there) as url,
    ):
        assert fetch(url, proxy=proxy.proxy("Basic secret")) == b"prices"
        assert proxy.ends == [one.split("/")[2] for one in (url, there)]
        assert all(b"Proxy-Authorization: Basic secret" in head for head in proxy.asked)
    assert [path for path, _ in asked] == ["/data.json"] * 2
    assert [head["host"] for _, head in asked] == [one.split("/")[2] for one in (url, there)]
    assert "secret" not in "".join(str(head) for _, head in asked)


def test_an_http_feed_is_asked_for_by_its_whole_address():
    asked: list[tuple[str, Message]] = []
    with server(200, b"prices", asked=asked) as url:
        proxy = Proxy("127.0.0.1", int(url.split(":")[2].split("/")[0]), "Basic secret")
        assert fetch("http://feed.invalid/data.json", proxy=proxy) == b"prices"
    ((path, head),) = asked
    assert path == "http://feed.invalid/data.json"
    assert (head["host"], head["proxy-authorization"]) == ("feed.invalid", "Basic secret")


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_a_proxy_that_refuses_is_told():
    with forwarding_beside(b"HTTP/1.1 403 No\r\n\r\n") as proxy:
        text = unfetched("https://feed.invalid/data.json", proxy=proxy.proxy("Basic secret"))
        assert f"through the proxy 127.0.0.1:{proxy.port}: Tunnel connection failed: 403" in text
    gc.collect()  # the first Pythons 3.11 leave the refusal open: it ends here, in no other test
    assert "secret" not in text
