"""Several workers behind one port, as a user runs them: all serve, one ledger, none is missed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from openai import APIConnectionError, AsyncOpenAI, AsyncStream, OpenAI
from openai.types.chat import ChatCompletionChunk

from headgate.testing.processes import Child, Children
from tests.cli.gateways import PATIENCE, Running, admin_port, listening

ANSWERS = "headgate_answers_total"
WORDS = ("words " * 40).strip()


class Workers(Running):
    """A gateway of two workers, with its admin port."""

    def start(self) -> Child:
        options = ["--workers", "2", "--set", "server.admin=127.0.0.1:0"]
        self.gateway = self.children.start(
            "gateway",
            ["headgate", "serve", "--config", str(self.file), *options],
            environment={"SIM_KEY": "sk-sim"},
            ready=listening,
        )
        return self.gateway

    def processes(self) -> set[int]:
        """The workers' process ids."""
        parent = self.gateway.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text()
        return {int(pid) for pid in children.split()}

    def everyone(self) -> set[int]:
        """The process ids of the parent, the workers, and what the first one has beside it."""
        beside = set()
        for pid in self.processes():
            beside |= set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return {self.gateway.process.pid, *self.processes(), *map(int, beside)}

    def admin(self, path: str) -> str:
        """What the admin port answers."""
        asked = Child("admin", self.gateway.process, self.gateway.log)
        asked.address, token = admin_port(self.gateway)
        status, body = asked.fetch(path, authorization=f"Bearer {token}")
        assert status == 200, body
        return body.decode()

    def wait_for_pages(self) -> None:
        """Return once the process beside the first worker has answered."""
        end = time.monotonic() + 120
        while True:
            try:
                self.admin("/prices")
                return
            except TimeoutError:  # it stands back where processors are scarce
                assert time.monotonic() < end, "it does not come"

    def counted(self) -> float:
        """Answers, as the first worker counts them for all."""
        lines = self.admin("/metrics").splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(ANSWERS))


@contextmanager
def workers(folder: Path, *provider: str) -> Iterator[Workers]:
    with Children(folder) as children:
        yield Workers(folder, children, *provider)


def ask(gate: Workers, count: int) -> list[str]:
    """So many requests, each over a connection of its own; their ids."""
    ids = []
    for _ in range(count):
        with OpenAI(base_url=gate.base_url, api_key="none", max_retries=0) as client:
            raw = client.chat.completions.with_raw_response.create(
                model="auto", messages=[{"role": "user", "content": "hello"}]
            )
            ids.append(raw.headers["x-headgate-request-id"])
    return ids


pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="finds the workers through /proc, as on Linux"
)


def test_workers_share_the_port_the_ledger_and_the_metrics(tmp_path):
    with workers(tmp_path) as gate:
        ids = ask(gate, 40)
        assert len(gate.processes()) == 2
        end = time.monotonic() + PATIENCE
        while gate.counted() < 40 and time.monotonic() < end:
            time.sleep(0.1)
        assert gate.counted() == 40
        segments = [path for path in (tmp_path / "ledger.db.journal").iterdir() if path.is_file()]
        assert len(segments) >= 2, "both have served"
        assert gate.stop() == 0
        assert sorted(gate.rows()) == sorted((request_id, 0) for request_id in ids)
        assert "Traceback" not in gate.gateway.log.read_text()


def test_a_worker_that_dies_is_replaced_and_its_rows_are_kept(tmp_path):
    with workers(tmp_path) as gate:
        ids = ask(gate, 10)
        before = gate.processes()
        os.kill(min(before), signal.SIGKILL)
        end = time.monotonic() + PATIENCE
        while len(gate.processes() - before) < 1 and time.monotonic() < end:
            time.sleep(0.05)
        while len(ids) < 20 and time.monotonic() < end:
            try:
                ids += ask(gate, 1)
            except APIConnectionError:
                time.sleep(0.05)  # it was in the queue of the one that died
        assert len(gate.processes()) == 2
        assert gate.stop() == 0
        assert sorted(gate.rows()) == sorted((request_id, 0) for request_id in ids)


def test_workers_that_a_manager_tells_to_stop_as_well_finish_what_is_under_way(tmp_path):
    """Each hears it twice, as below a service manager that tells all processes of a service."""

    async def case(gate: Workers) -> list[str]:
        async with AsyncOpenAI(base_url=gate.base_url, api_key="none", max_retries=0) as client:
            streams = [
                await client.chat.completions.create(
                    model="auto", messages=[{"role": "user", "content": WORDS}], stream=True
                )
                for _ in range(10)
            ]
            everyone = gate.everyone()
            assert len(everyone) == 4
            for pid in everyone:
                os.kill(pid, signal.SIGTERM)

            async def text(stream: AsyncStream[ChatCompletionChunk]) -> str:
                return "".join([one.choices[0].delta.content or "" async for one in stream])

            return await asyncio.gather(*map(text, streams))

    with workers(tmp_path, "--gap", "0.02") as gate:
        gate.wait_for_pages()  # of the process beside the first one: it heeds signals by now
        assert asyncio.run(case(gate)) == [WORDS] * 10
        assert gate.gateway.process.wait(PATIENCE) == 0
        log = gate.gateway.log.read_text()
    assert "has ended" not in log, "nor the process beside the first one"
    assert "requests under way" not in log


def test_what_is_wrong_is_told_once(tmp_path):
    file = tmp_path / "headgate.toml"
    file.write_text(
        '[tiers.cheap]\nmodel = "anthropic/claude-haiku-4-5"\n[providers.anthropic]\n'
        f'[ledger]\nurl = "sqlite:///{tmp_path}/missing/ledger.db"\n'
    )
    command = [str(Path(sys.executable).with_name("headgate")), "serve", "--workers", "3"]
    found = subprocess.run(
        [*command, "--set", "server.listen=127.0.0.1:0", "-c", str(file)],
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "ANTHROPIC_API_KEY": "sk"},
    )
    assert found.returncode == 2
    assert found.stderr.count("headgate: ") == 1
    assert "Headgate listens" not in found.stdout
