"""docs/operate.md: systemd accepts its unit, nginx its configuration, and both fit the gateway."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from headgate.cli.main import cli
from headgate.settings.schema import ServerSettings
from tests.docs.pages import page

TEXT = page("operate.md")


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def service() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(block("ini"))
    return parser["Service"]


def test_the_unit_starts_a_command_that_there_is():
    program, command, option, _ = service()["ExecStart"].split()
    assert program.endswith("/headgate")
    serve = cli.get_command(None, command)  # type: ignore[arg-type]
    assert serve is not None
    assert option in {name for parameter in serve.params for name in parameter.opts}


def test_the_unit_tells_the_first_process_alone_to_stop():
    assert service()["KillMode"] == "mixed"


def test_the_unit_waits_for_longer_than_a_stop_takes():
    assert float(service()["TimeoutStopSec"]) > ServerSettings().drain_seconds


def test_the_unit_lets_as_many_files_be_open_as_the_requests_take():
    assert int(service()["LimitNOFILE"]) > 2 * ServerSettings().max_requests + 100


def test_the_proxy_takes_bodies_as_long_as_the_gateway():
    found = re.search(r"client_max_body_size (\d+)m;", block("nginx"))
    assert found is not None
    assert int(found[1]) * 1024 * 1024 == ServerSettings().max_body_bytes


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_accepts_the_unit(tmp_path: Path):
    there = tmp_path / "headgate"
    there.write_text("#!/bin/sh\n")
    there.chmod(0o755)
    unit = tmp_path / "headgate.service"
    unit.write_text(block("ini").replace("/opt/headgate/bin/headgate", str(there)))
    ran = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed")
def test_nginx_accepts_its_configuration(tmp_path: Path):
    key, pem = tmp_path / "key", tmp_path / "pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    made += ["-keyout", str(key), "-out", str(pem)]
    subprocess.run(made, check=True, capture_output=True)
    inner = re.sub(r"/etc/ssl/\S+\.pem", str(pem), block("nginx"))
    inner = re.sub(r"/etc/ssl/\S+\.key", str(key), inner)
    inner = inner.replace("listen 443", f"listen unix:{tmp_path}/socket")  # it is really opened
    config = tmp_path / "nginx.conf"
    config.write_text(f"pid {tmp_path}/pid; events {{}} http {{ access_log off; {inner} }}")
    ran = subprocess.run(
        ["nginx", "-e", "stderr", "-t", "-c", str(config)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
