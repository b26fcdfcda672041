"""Stored prompts through whole processes: a gateway, its sidecar, both databases, and kill -9."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from openai import BadRequestError, OpenAI

from headgate.ledger.intake import recover
from headgate.ledger.tended import is_tended
from headgate.ledger.url import open_store
from tests.cli.gateways import Running, running, say
from tests.cli.test_sidecar import House


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/asked.db"


@pytest.fixture
def home(url, tmp_path) -> Iterator[Running]:
    with running(tmp_path) as gate:
        text = gate.file.read_text()
        journal = f'journal = "{tmp_path}/journal"\nstore_prompts = true'
        text = text.replace(f'url = "sqlite:///{gate.ledger}"', f'url = "{url}"\n{journal}')
        gate.file.write_text(text)
        yield gate


def ask(home: Running) -> dict[str, str]:
    """Some requests, whole and streamed; the question of each by its id."""
    asked = {}
    with OpenAI(base_url=home.base_url, api_key="none") as client:
        for number in range(6):
            question = f"question {number} <b>"
            answered = say(client, question, stream=number % 2 == 1)
            if number % 2:
                list(answered.parse())
            asked[answered.headers["x-headgate-request-id"]] = question
    return asked


def test_question_and_answer_are_on_the_page_of_their_request(home):
    house = House(home)
    log = house.home.gateway.log.read_text()
    assert "  prompts and answers   stored in the ledger, for 30d" in log
    for request_id, question in ask(home).items():
        deadline = time.monotonic() + 60
        while True:  # the sidecar stores it, and makes the page
            told = json.loads(house.ask(f"/requests/{request_id}.json"))
            if told["prompt"] is not None or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        assert json.loads(told["prompt"]["request"])["messages"][0]["content"] == question
        assert question in told["prompt"]["answer"]
        page = house.ask(f"/requests/{request_id}")
        assert "[user]\n" + question.replace("<b>", "&lt;b&gt;") in page
    assert "question 0" not in house.ask("/metrics")
    assert "question 0" not in house.home.gateway.log.read_text()


def test_what_was_asked_before_kill_9_is_stored(home, url, tmp_path):
    home.stop()
    home.start()
    asked = ask(home)
    os.kill(home.gateway.process.pid, signal.SIGKILL)
    home.gateway.process.wait(60)
    journal, end = tmp_path / "journal", time.monotonic() + 60
    while is_tended(journal) and time.monotonic() < end:
        time.sleep(0.01)  # the sidecar of one that was killed stores the rest
    store = open_store(url, create=False)
    recover(url, store, journal=journal)
    assert {one.request_id for one in store.prompts()} == set(asked)
    assert store.check() == []
    store.close()
    assert not [path for path in Path(journal).iterdir() if path.suffix == ".segment"]


class Quoting(BaseHTTPRequestHandler):
    """A provider that refuses every key, and says which one it was."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        key = self.headers["authorization"].removeprefix("Bearer ")
        said = json.dumps({"error": {"message": f"No such key: {key}.", "type": "auth"}}).encode()
        self.send_response(400)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def quoting() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Quoting) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_after_a_reload_the_keys_that_are_in_use_then_are_blanked_out(
    home, url, quoting, monkeypatch
):
    """A key of no known form: only who knows that it is one can find it in a text."""
    monkeypatch.setenv("NEW_KEY", "hush-this-is-the-new-one")
    home.file.write_text(home.file.read_text().replace(home.provider.address, quoting))
    house = House(home)
    refused = []
    with OpenAI(base_url=home.base_url, api_key="none", max_retries=0) as client:
        for name in ("SIM_KEY", "NEW_KEY"):
            home.file.write_text(home.file.read_text().replace("SIM_KEY", name))
            house.ask("/api/reload", method="POST")
            with pytest.raises(BadRequestError, match="No such key") as caught:
                say(client)
            refused.append(caught.value.response.headers["x-headgate-request-id"])
    assert home.stop() == 0
    store = open_store(url, create=False)
    kept = {one.request_id: one.answer for one in store.prompts()}
    store.close()
    assert [("No such key: [a key]." in kept[one]) for one in refused] == [True, True]
