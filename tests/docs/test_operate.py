"""docs/operate.md: systemd, nginx and Kubernetes take what it shows, and all fit the gateway."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from headgate.cli.main import cli
from headgate.settings import Settings, read
from headgate.settings.schema import ServerSettings
from tests.docs.pages import ROOT, page

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


# ---- docs/kubernetes.yaml


FIELDS = {
    "terminationGracePeriodSeconds",
    "securityContext",
    "containers",
    "volumes",
}
CONTAINER = {
    "name",
    "image",
    "command",
    "workingDir",
    "envFrom",
    "ports",
    "readinessProbe",
    "livenessProbe",
    "securityContext",
    "volumeMounts",
}
PROBE = {"httpGet", "periodSeconds", "timeoutSeconds", "failureThreshold"}
SECRETS = (
    "ANTHROPIC_API_KEY",
    "GATEWAY_KEY",
    "HEADGATE_ADMIN_TOKEN",
    "HEADGATE_KEY_PEPPER",
    "HEADGATE_LEDGER_PASSWORD",
)
MANIFEST = page("kubernetes.yaml")
KINDS = {document["kind"]: document for document in yaml.safe_load_all(MANIFEST)}
POD = KINDS["StatefulSet"]["spec"]["template"]["spec"]
(GATEWAY,) = POD["containers"]
PORTS = {port["name"]: port["containerPort"] for port in GATEWAY["ports"]}


@pytest.fixture
def deployed(tmp_path: Path) -> Settings:
    """The settings that the manifest's pods begin with."""
    file = tmp_path / "headgate.toml"
    file.write_text(KINDS["ConfigMap"]["data"]["headgate.toml"])
    return read(file, env=dict.fromkeys(SECRETS, "x" * 40))


def test_the_pods_fields_are_those_of_the_api():
    """Checked once against the API's own client; a misspelt field would be ignored there."""
    assert set(POD) == FIELDS
    assert set(GATEWAY) == CONTAINER
    for probe in ("readinessProbe", "livenessProbe"):
        assert set(GATEWAY[probe]) <= PROBE
        assert set(GATEWAY[probe]["httpGet"]) == {"path", "port"}


def test_the_pods_listen_where_they_are_asked_and_with_the_secrets_that_are_named(deployed):
    server = deployed.server
    assert server.listen == f"0.0.0.0:{PORTS['api']}"
    assert server.admin == f"0.0.0.0:{PORTS['admin']}"
    (service,) = KINDS["Service"]["spec"]["ports"]
    assert service["targetPort"] in PORTS
    named = {server.api_key_env, server.admin_token_env, deployed.keys.pepper_env}
    named |= {deployed.ledger.password_env, *(one.api_key_env for one in deployed.providers)}
    assert named == set(SECRETS)
    assert all(name in MANIFEST.partition("apiVersion")[0] for name in SECRETS)


def test_the_probes_ask_paths_that_there_are():
    for probe, path in (("readinessProbe", "/readyz"), ("livenessProbe", "/healthz")):
        assert GATEWAY[probe]["httpGet"] == {"path": path, "port": "api"}
        assert f"| `{path}` |" in TEXT


def test_a_pod_is_out_of_the_service_before_its_port_closes_and_may_finish(deployed):
    probe, server = GATEWAY["readinessProbe"], deployed.server
    assert server.drain_notice >= 2 * probe["periodSeconds"] * probe["failureThreshold"]
    took = server.drain_notice + server.drain_seconds
    assert POD["terminationGracePeriodSeconds"] > took


def test_a_pod_writes_only_where_a_volume_is(deployed):
    assert GATEWAY["securityContext"]["readOnlyRootFilesystem"]
    mounted = {mount["mountPath"]: mount["name"] for mount in GATEWAY["volumeMounts"]}
    claims = KINDS["StatefulSet"]["spec"]["volumeClaimTemplates"]
    names = {volume["name"] for volume in POD["volumes"]}
    names |= {claim["metadata"]["name"] for claim in claims}
    assert set(mounted.values()) == names
    assert deployed.ledger.journal.startswith(f"{GATEWAY['workingDir']}/")
    assert {GATEWAY["workingDir"], "/tmp"} <= set(mounted)
    config = Path(GATEWAY["command"][GATEWAY["command"].index("--config") + 1])
    assert (str(config.parent), config.name) == ("/etc/headgate", "headgate.toml")
    assert str(config.parent) in mounted


def test_the_selectors_find_the_pods():
    labels = KINDS["StatefulSet"]["spec"]["template"]["metadata"]["labels"]
    assert KINDS["StatefulSet"]["spec"]["selector"]["matchLabels"] == labels
    assert KINDS["Service"]["spec"]["selector"] == labels
    assert KINDS["StatefulSet"]["spec"]["serviceName"] == KINDS["Service"]["metadata"]["name"]


# ---- Dockerfile: that an image can be made of it is tried by hand, for it takes a base image


IMAGE = (ROOT / "Dockerfile").read_text()
LOCKED = re.compile(r"^([a-z0-9.-]+)==(\S+)", re.MULTILINE)


def locked(name: str) -> dict[str, str]:
    return dict(LOCKED.findall((ROOT / "requirements" / name).read_text()))


def test_an_image_gets_what_it_copies_and_nothing_else_is_sent_to_its_build():
    copied = {
        path
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", IMAGE, re.MULTILINE)
        for path in line.split()
    }
    sent = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert copied == set(sent)
    assert all((ROOT / path).exists() for path in copied)


def test_an_image_has_the_versions_that_are_tested():
    image, tested = locked("image.txt"), locked("dev.txt")
    assert locked("core.txt").items() <= image.items() <= tested.items()
    assert {"psycopg", "opentelemetry-sdk"} <= set(image)


def test_an_image_is_what_the_manifest_expects():
    (user,) = set(re.findall(r"^USER (\d+):\1$", IMAGE, re.MULTILINE))
    assert int(user) == POD["securityContext"]["runAsUser"]
    assert re.findall(r"^WORKDIR (\S+)$", IMAGE, re.MULTILINE)[-1] == GATEWAY["workingDir"]
    assert f"EXPOSE {PORTS['api']} {PORTS['admin']}" in IMAGE
    settings = re.findall(r"HEADGATE_CONFIG=(\S+)", IMAGE)
    assert settings == [GATEWAY["command"][GATEWAY["command"].index("--config") + 1]]
