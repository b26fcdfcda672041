"""`headgate ui`: pages in a process of their own, on this machine, until it is told to stop."""

import http.client
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def showing(*flags: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "headgate", "ui", *flags]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            found = re.search(r"http://(127\.0\.0\.1:\d+)$", said.strip())
            assert found is not None, said
            yield process, found[1]
        finally:
            process.kill()


def test_the_pages_are_shown_until_it_is_told_to_stop():
    with showing("--port", "0") as (process, address):
        connection = http.client.HTTPConnection(address, timeout=60)
        connection.request("GET", "/plan?escalation=50%25")
        response = connection.getresponse()
        assert response.status == 200
        assert "$184.20" in response.read().decode()
        connection.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_a_port_that_is_taken_is_named():
    with showing("--port", "0") as (_, address):
        port = address.rpartition(":")[2]
        second = subprocess.run(
            [sys.executable, "-m", "headgate", "ui", "--port", port],
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert second.returncode == 2
        assert f"Cannot listen on 127.0.0.1:{port}" in second.stderr
        assert "--port" in second.stderr
