"""What holds for every test, and what it may ask for: a database, a certificate."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.crashes import Crashes
from tests.databases import new_database, pooler, postgres_server, through

settings.register_profile(
    "search",  # with --hypothesis-profile=search: other examples in every run
    deadline=None,  # a busy machine is no defect
    suppress_health_check=[HealthCheck.too_slow],  # nor is one that draws slowly
)
settings.register_profile(
    "headgate", settings.get_profile("search"), derandomize=True
)  # the same examples in every run: it fails where the code has changed, and not by chance
settings.load_profile("headgate")


def pytest_configure(config: pytest.Config) -> None:
    """No crash of a worker is hidden."""
    config.pluginmanager.register(Crashes())


@pytest.fixture(autouse=True, scope="session")
def _no_data_of_the_developer(tmp_path_factory: pytest.TempPathFactory):
    """An empty data directory, no proxy, no terminal's width: for tests and what they start."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            patch.delenv(name, raising=False)
            patch.delenv(name.lower(), raising=False)
        for name in ("COLUMNS", "LINES"):
            patch.delenv(name, raising=False)
            os.unsetenv(name)  # readline, which pytest loads, has told it to C alone
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c_is_heeded():
    """By the processes that tests start, too: a shell has its jobs in the background ignore it."""
    before = signal.getsignal(signal.SIGINT)
    if before == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def _postgres():
    with postgres_server() as url:
        yield url


@pytest.fixture
def postgres_url(_postgres):
    """The URL of an empty database in a real PostgreSQL."""
    with new_database(_postgres) as url:
        yield url


@pytest.fixture(scope="session")
def _pooler(_postgres):
    with pooler(_postgres) as directory:
        yield directory


@pytest.fixture
def pooled_url(_pooler, postgres_url):
    """The URL of the same database by way of a PgBouncer that pools transactions."""
    return through(_pooler, postgres_url)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, and its key, in one file."""
    folder = tmp_path_factory.mktemp("tls")
    pem = folder / "server.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("needs the openssl command to make a certificate")
    pem.write_text((folder / "key.pem").read_text() + (folder / "cert.pem").read_text())
    return pem
