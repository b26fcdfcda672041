"""Embeddings on the command line: tried, paid once, kept beside the router, used by others."""

from __future__ import annotations

import json
from pathlib import Path

import click
import msgspec
import pytest

from headgate.cli.vectors import beside
from headgate.errors import ConfigError
from headgate.routing.artifact import load
from tests.analysis.planted import opaque, planted
from tests.bootstrap.panel import KEYS, panel
from tests.cli.graded_files import run

ENCODER = """
from tests.analysis.planted import numbers

def encode(texts):
    return [numbers(text) for text in texts]
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADGATE_CONFIG", raising=False)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


def graded(rows) -> Path:
    path = Path("graded.jsonl")
    lines = []
    for row in rows:
        fields = msgspec.structs.asdict(row)
        for side in ("cheap", "premium"):
            fields[f"{side}_cost"] = fields.pop(f"{side}_nano") / 1e9
        lines.append(msgspec.json.encode(fields))
    path.write_bytes(b"\n".join(lines))
    return path


ENDPOINT = ("--embeddings", "panel/small", "--max-usd", "1", "--yes")


def test_a_router_with_embeddings_goes_the_whole_way(tmp_path: Path):
    file, router = graded(opaque(900)), Path("r.headgate")
    with panel(tmp_path) as (_, provider):
        made = run("train", file, "-o", router, *ENDPOINT)
        assert made.exception is None
        billed = provider.tally.report().billed["small"].usage.input
        assert "900 texts to embed with panel/small: about $" in made.stderr
        assert "Embeddings of panel/small, 8 numbers each, add +0." in made.stdout
        assert "needs one for every request" in made.stdout
        head = load(router.read_bytes()).router.head
        assert head is not None
        assert head.model == "panel/small"
        again = run("train", file, "-o", "s.headgate", "--vectors", beside(router), *ENDPOINT)
        assert again.exception is None
        assert "texts to embed" not in again.stderr
        assert provider.tally.report().billed["small"].usage.input == billed
        assert Path("s.headgate").read_bytes() == router.read_bytes()
    assert run("certify", router, file, "--quality-floor", "0.9").return_value == 0
    certified = load(router.read_bytes())
    assert certified.certificate is not None
    assert certified.certificate.escalation < 0.9
    measured = run("evaluate", router, file, "--draws", "20", "--json")
    assert measured.return_value == 0
    apgr = json.loads(measured.stdout)["policies"]["router"]["apgr"][0]
    assert apgr > 0.6
    shown = run("inspect", router).stdout
    assert "8 numbers of an embedding" in shown
    assert "Embeddings of panel/small" in shown
    facts = json.loads(run("inspect", router, "--json").stdout)
    assert facts["embeddings"] == {"model": "panel/small", "source": "endpoint"}
    assert facts["training"]["embeddings"]["kept"] is True
    told = run("explain", router, "request 7").stdout
    assert "embedding panel/small" in told


def test_embeddings_that_do_not_help_are_paid_once_and_then_never_again(tmp_path: Path):
    file, router = graded(planted(900)), Path("r.headgate")
    with panel(tmp_path):
        made = run("train", file, "-o", router, *ENDPOINT)
    assert "the router does without" in made.stdout
    assert load(router.read_bytes()).router.head is None
    beside(router).unlink()
    assert run("certify", router, file, "--quality-floor", "0.85").return_value == 0


def test_code_at_hand_may_make_them_and_a_replay_or_gateway_refuses_such_a_router():
    file, router = graded(opaque(900)), Path("r.headgate")
    Path("cli_tiny_encoder.py").write_text(ENCODER)
    made = run("train", file, "-o", router, "--encoder", "cli_tiny_encoder:encode")
    assert made.exception is None
    head = load(router.read_bytes()).router.head
    assert head is not None
    assert head[:2] == ("cli_tiny_encoder:encode", "local")
    assert run("certify", router, file, "--quality-floor", "0.9").return_value == 0
    refused = run("replay", file, "--router", router)
    assert isinstance(refused.exception, ConfigError)
    assert "does not run such code" in str(refused.exception)


def test_a_replay_asks_nobody_for_embeddings(tmp_path: Path):
    file, router = graded(opaque(900)), Path("r.headgate")
    with panel(tmp_path):
        run("train", file, "-o", router, *ENDPOINT)
    refused = run("replay", file, "--router", router, "--threshold", "0.5")
    assert isinstance(refused.exception, ConfigError)
    assert "a replay does not ask for" in str(refused.exception)


def test_without_the_file_of_vectors_or_the_prompt_in_it_that_is_said(tmp_path: Path):
    file, router = graded(opaque(900)), Path("r.headgate")
    with panel(tmp_path):
        run("train", file, "-o", router, *ENDPOINT)
    unknown = run("explain", router, "a prompt that nobody has embedded")
    assert "no embedding of this prompt" in str(unknown.exception)
    kept = beside(router).rename("elsewhere")
    for command in (
        ("evaluate", router, file),
        ("certify", router, file),
        ("explain", router, "x"),
    ):
        lacking = run(*command)
        assert isinstance(lacking.exception, ConfigError)
        assert "there is no file" in str(lacking.exception)
    found = run("certify", router, file, "--quality-floor", "0.9", "--vectors", kept)
    assert found.return_value == 0


def test_money_that_may_not_suffice_is_refused_before_anything_is_sent(tmp_path: Path):
    file = graded(opaque(100))
    with panel(tmp_path) as (_, provider):
        made = run("train", file, "--embeddings", "panel/small", "--max-usd", "0.000001", "--yes")
        assert not provider.tally.report().billed
    assert isinstance(made.exception, ConfigError)
    assert "the money may not suffice" in str(made.exception)
    assert "Set --max-usd to 0." in (made.exception.fix or "")
    assert not Path("router.headgate").exists()


def test_without_a_yes_nothing_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = graded(opaque(100))
    asked = ("train", file, "--embeddings", "panel/small", "--max-usd", "1")
    with panel(tmp_path) as (_, provider):
        made = run(*asked)
        assert "nobody is there to say yes" in str(made.exception)
        monkeypatch.setattr("headgate.cli.spending._is_person", lambda: True)
        monkeypatch.setattr("click.confirm", lambda *_, **__: False)
        said_no = run(*asked)
        assert said_no.return_value == 1
        assert "Nothing was sent." in said_no.stderr
        assert not provider.tally.report().billed
    assert not Path("router.headgate").exists()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--embeddings", "a/b"), "how much it may"),
        (("--max-usd", "1"), "for --embeddings"),
        (("--embeddings", "a/b", "--encoder", "m:f", "--max-usd", "1"), "one of"),
        (("--encoder", "m:f", "--verifier"), "does not look at"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_use(options: tuple[str, ...], why: str):
    made = run("train", graded(opaque(60)), *options)
    assert isinstance(made.exception, click.UsageError)
    assert why in str(made.exception)


def test_a_model_without_its_provider_or_a_provider_that_is_not_there_is_told(tmp_path: Path):
    file = graded(opaque(60))
    with panel(tmp_path):
        bare = run("train", file, "--embeddings", "small", "--max-usd", "1", "--yes")
        nobody = run("train", file, "--embeddings", "no/small", "--max-usd", "1", "--yes")
    assert "--embeddings" in str(bare.exception)
    assert "not in the file" in str(nobody.exception)
