"""headgate serve as a process: start, stop, drain, and rows that survive kill -9."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from itertools import islice

import pytest
from openai import APIStatusError, AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletionMessageParam

from headgate.routing.artifact import dump
from headgate.testing.processes import Children
from tests.cli.gateways import CONFIG, Running, admin_port, listening, running, say
from tests.monitor.listeners import hook
from tests.routing.routers import small_artifact

MODULES = 274
"""Of ours, in the process that serves; its sidecar has others."""


def command_line(command: list[str], **more) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, **more)


def test_it_serves_writes_the_ledger_and_stops_cleanly(tmp_path):
    with running(tmp_path) as gate:
        with OpenAI(base_url=gate.base_url, api_key="none") as client:
            ids = [
                say(client, text).headers["x-headgate-request-id"] for text in ("hello", "prove")
            ]
        assert gate.stop() == 0
        assert sorted(gate.rows()) == sorted((request_id, 0) for request_id in ids)
        log = gate.gateway.log.read_text()
        assert "Traceback" not in log
        assert "sk-sim" not in log


def test_a_key_that_is_renewed_in_its_file_needs_no_restart(tmp_path):
    """The provider lets one key in; the gateway has an old one first. It watches no settings."""
    with running(tmp_path, "--key", "key-2") as gate:
        gate.gateway.stop()
        key = tmp_path / "sim.key"
        key.write_text("key-1\n")
        text = gate.file.read_text().replace('api_key_env = "SIM_KEY"', 'api_key_file = "sim.key"')
        gate.file.write_text(text.replace("drain_seconds = 60", "reload = false"))
        gate.start()
        with OpenAI(base_url=gate.base_url, api_key="none", max_retries=0) as client:
            with pytest.raises(APIStatusError):
                say(client)
            key.write_text("key-2\n")
            deadline = time.monotonic() + 60
            while True:
                try:
                    say(client)
                    break
                except APIStatusError:
                    assert time.monotonic() < deadline
                    time.sleep(0.1)
            key.unlink()
            while "provider sim keeps its key" not in gate.gateway.log.read_text():
                assert time.monotonic() < deadline
                time.sleep(0.1)
            assert b'"keys":"unreadable"' in gate.gateway.fetch("/readyz")[1]
            assert say(client).headers["x-headgate-tier"] == "cheap"
        assert gate.gateway.stop() == 0
        log = gate.gateway.log.read_text()
        assert "provider sim has another key" in log
        assert "key-1" not in log
        assert "key-2" not in log
        assert "Traceback" not in log


def test_before_its_first_answer_it_loads_no_more_than_serving_takes(tmp_path):
    """Each module of ours is some half a millisecond of the start; these do not need the time."""
    with Children(tmp_path) as children:
        provider = children.provider("provider", "--dialect", "openai", "--model", "cheap-1")
        router = tmp_path / "router.headgate"
        router.write_bytes(dump(small_artifact()))
        text = CONFIG.format(address=provider.address, ledger=tmp_path / "ledger.db")
        begin, _, rest = text.partition("[classifier]")
        learned = f'[classifier]\nkind = "learned"\nrouter = "{router}"\nthreshold = 0.5\n'
        text = f"{begin}{learned}[tiers.cheap]{rest.partition('[tiers.cheap]')[2]}"
        file = tmp_path / "headgate.toml"
        file.write_text(text.replace('admin = ""', 'admin = "127.0.0.1:0"'))
        gateway = children.start(
            "gateway",
            ["tests.cli.telling:main", "serve", "--config", str(file)],
            environment={"SIM_KEY": "sk-sim"},
            ready=listening,
        )
        with OpenAI(base_url=f"{gateway.address}/v1", api_key="none") as client:
            assert say(client).headers["x-headgate-tier"] in ("cheap", "premium")
        assert gateway.stop() == 0
        loaded = set(gateway.log.read_text().rpartition("loaded ")[2].split())
    assert "headgate.routing.learned" in loaded
    heavy = {"jinja2", "rich", "smtplib", "numpy", "psycopg", "opentelemetry", "genai_prices"}
    assert not loaded & heavy
    rooms = {".".join(name.split(".")[:2]) for name in loaded if name.startswith("headgate.")}
    assert not rooms & {"headgate.web", "headgate.costs", "headgate.render"}
    assert len([name for name in loaded if name.startswith("headgate.")]) <= MODULES


def test_a_stored_response_is_asked_of_the_provider_that_the_ledger_names(tmp_path):
    with Children(tmp_path) as children:
        dialect = "openai-responses"
        provider = children.provider("provider", "--dialect", dialect, "--model", "cheap-1")
        file = tmp_path / "headgate.toml"
        text = CONFIG.format(address=provider.address, ledger=tmp_path / "ledger.db")
        file.write_text(text.replace('dialect = "openai"', f'dialect = "{dialect}"'))
        gateway = children.start(
            "gateway",
            ["headgate", "serve", "--config", str(file)],
            environment={"SIM_KEY": "sk-sim"},
            ready=listening,
        )
        with OpenAI(base_url=f"{gateway.address}/v1", api_key="none", max_retries=0) as client:
            made = client.responses.create(model="sim/cheap-1", input="hello")
            with pytest.raises(APIStatusError) as caught:  # the simulated one stores nothing
                client.responses.retrieve(made.id)
        assert caught.value.response.headers["x-headgate-model"] == "sim/cheap-1"
        assert gateway.stop() == 0


def test_it_sends_spans_of_requests_and_calls_to_a_collector(tmp_path):
    with hook(200) as collector, Children(tmp_path) as children:
        provider = children.provider("provider", "--dialect", "openai", "--model", "cheap-1")
        file = tmp_path / "headgate.toml"
        text = CONFIG.format(address=provider.address, ledger=tmp_path / "ledger.db")
        text = text.replace("[providers.sim]\n", "[providers.sim]\ntraceparent = true\n")
        file.write_text(f"{text}[watch]\notel = true\n")
        gateway = children.start(
            "gateway",
            ["headgate", "serve", "--config", str(file)],
            environment={"SIM_KEY": "sk-sim", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url},
            ready=listening,
        )
        with OpenAI(base_url=f"{gateway.address}/v1", api_key="none") as client:
            request_id = say(client).headers["x-headgate-request-id"]
        assert gateway.stop() == 0
        traces = b"".join(body for path, _, body in collector.posts if path == "/v1/traces")
    for told in (b"POST /v1/chat/completions", b"chat cheap-1", request_id.encode()):
        assert told in traces
    assert b"sk-sim" not in traces


def test_where_few_files_may_be_open_it_takes_fewer_requests_and_blames_nobody(tmp_path):
    with running(tmp_path) as served:
        served.stop()
        served.program = "tests.cli.few_files:main"
        served.start()
        assert "takes 30 at once" in served.gateway.log.read_text()

        async def ask(client: AsyncOpenAI) -> str:
            try:
                await client.chat.completions.create(
                    model="auto", messages=[{"role": "user", "content": "hello"}]
                )
            except APIStatusError as error:
                return f"{error.status_code} {error.code}"
            return "200"

        async def flood() -> list[str]:
            """The provider stands still until the gateway has refused what is too much for it."""
            provider = served.provider.process
            provider.send_signal(signal.SIGSTOP)
            async with AsyncOpenAI(base_url=served.base_url, api_key="x", max_retries=0) as client:
                asked = [asyncio.create_task(ask(client)) for _ in range(60)]
                for answered in islice(asyncio.as_completed(asked), 30):
                    await answered
                provider.send_signal(signal.SIGCONT)
                return await asyncio.gather(*asked)

        told = Counter(asyncio.run(flood()))
        assert told == {"200": 30, "503 overloaded": 30}
        client = OpenAI(base_url=served.base_url, api_key="x", max_retries=0)
        assert say(client).headers["x-headgate-tier"] == "cheap", "no breaker has opened"


def test_idle_connections_beyond_the_open_files_make_way_for_new_ones(tmp_path):
    """A listener that has no file left closes connections without a word."""
    with running(tmp_path) as served:
        served.stop()
        served.program = "tests.cli.few_files:main"
        gateway = served.start()
        address = gateway.address.removeprefix("http://")
        with ExitStack() as open_ones:
            for _ in range(200):
                idle = open_ones.enter_context(closing(HTTPConnection(address, timeout=20)))
                idle.request("GET", "/healthz")
                assert idle.getresponse().read() == b'{"status":"ok"}'
            client = OpenAI(base_url=served.base_url, api_key="x", max_retries=0)
            assert say(client).headers["x-headgate-tier"] == "cheap"
        assert "more than 80 connections" in gateway.log.read_text()


def test_a_missing_key_stops_the_start_and_is_named(tmp_path):
    file = tmp_path / "headgate.toml"
    file.write_text(CONFIG.format(address="http://127.0.0.1:1", ledger=tmp_path / "x.db"))
    env = {name: value for name, value in os.environ.items() if name != "SIM_KEY"}
    command = [sys.executable, "-m", "headgate", "serve", "-c", str(file)]
    done = command_line(command, env=env)
    assert done.returncode == 2
    assert "SIM_KEY is not set" in done.stderr
    assert "providers.sim.api_key_env" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["headgate.toml"]


def test_alerts_that_cannot_be_sent_stop_the_start(tmp_path):
    file = tmp_path / "headgate.toml"
    text = CONFIG.format(address="http://127.0.0.1:9", ledger=tmp_path / "ledger.db")
    file.write_text(f'{text}[alerts]\nslack_url_env = "NO_SUCH_HOOK"\n')
    done = command_line(
        [sys.executable, "-m", "headgate", "serve", "--config", str(file)],
        env=os.environ | {"SIM_KEY": "sk-sim"},
    )
    assert done.returncode == 2
    assert "NO_SUCH_HOOK" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_own_price_in_a_wrong_unit_is_told_at_the_start(tmp_path):
    file = tmp_path / "headgate.toml"
    file.write_text(CONFIG.format(address="http://127.0.0.1:1", ledger=tmp_path / "x.db"))
    env = {name: value for name, value in os.environ.items() if name != "SIM_KEY"}
    command = [sys.executable, "-m", "headgate", "serve", "-c", str(file)]
    command += ["--set", 'prices."openai/gpt-4o".input=0.000003']
    command += ["--set", 'prices."openai/gpt-4o".output=10.00']
    done = command_line(command, env=env)
    assert "warning: " in done.stderr
    assert "less than the list" in done.stderr


def test_what_check_warns_of_the_start_says_in_the_same_words(tmp_path):
    file = tmp_path / "headgate.toml"
    text = CONFIG.format(address="http://127.0.0.1:1", ledger=tmp_path / "x.db")
    rules, own = text.index("[classifier]"), text.index("[prices.")
    tiers, rest = text.index("[tiers.cheap]"), text.index("[server]")
    text = text[:rules] + text[tiers:own] + text[rest:]
    text = text.replace("[server]", '[server]\nembedding_model = "sim/embed-1"')
    far = text.replace("http://127.0.0.1:1/v1", "https://sim.example/v1")
    assert far != text  # one of this machine is called without a proxy
    file.write_text(far)
    told = {}
    for command in ("check", "serve"):
        env = {name: value for name, value in os.environ.items() if name != "SIM_KEY"}
        env["HTTPS_PROXY"] = "http://proxy.example:3128"
        done = command_line([sys.executable, "-m", "headgate", command, "-c", str(file)], env=env)
        lines = (done.stdout + done.stderr).splitlines()
        told[command] = [line for line in lines if line.startswith("warning: ")]
    missing = told["check"].pop()  # the missing key, which ends the start by a fault of its own
    assert "SIM_KEY" in missing
    assert told["serve"] == told["check"]
    nobody, *prices, proxy = told["serve"]
    assert "Nobody decides" in nobody
    assert ["No price is known" in line for line in prices] == [True, True, True]
    assert "server.embedding_model: No price is known for sim/embed-1" in prices[2]
    assert "HTTPS_PROXY is set, and is not read" in proxy


def test_an_address_in_use_is_one_sentence(tmp_path):
    with running(tmp_path) as gate:
        taken = gate.gateway.address.removeprefix("http://")
        command = [sys.executable, "-m", "headgate", "serve", "-c", str(gate.file)]
        command += ["--listen", taken]
        env = os.environ | {"SIM_KEY": "sk-sim"}
        done = command_line(command, env=env)
        assert done.returncode == 2
        assert f"Cannot listen on {taken}: Address already in use. Stop what" in done.stderr
        assert "Traceback" not in done.stderr


def test_no_file_is_one_sentence_that_names_init(tmp_path):
    command = [sys.executable, "-m", "headgate", "serve"]
    done = command_line(command, cwd=tmp_path)
    assert done.returncode == 2
    assert "headgate init" in done.stderr


def test_sigterm_lets_streams_finish_and_closes_the_door(tmp_path):
    async def case(gate: Running) -> None:
        client = AsyncOpenAI(base_url=gate.base_url, api_key="none", max_retries=0)
        streams = [
            await client.chat.completions.create(
                model="auto",
                messages=[{"role": "user", "content": "words " * 40}],
                stream=True,
            )
            for _ in range(20)
        ]
        gate.gateway.process.send_signal(signal.SIGTERM)

        async def text(stream) -> str:
            return "".join([c.choices[0].delta.content or "" async for c in stream])

        assert await asyncio.gather(*map(text, streams)) == [("words " * 40).strip()] * 20
        await client.close()
        assert await asyncio.to_thread(gate.gateway.process.wait, 60) == 0

    with running(tmp_path, "--gap", "0.05") as gate:
        asyncio.run(case(gate))
        assert len(gate.rows()) == 20
        told = re.search(r"stopping; (\d+) under way may take 60 s", gate.gateway.log.read_text())
        assert told is not None
        assert 1 <= int(told[1]) <= 20


def test_sigterm_is_announced_while_requests_are_still_taken(tmp_path):
    with running(tmp_path) as gate:
        gate.stop()
        gate.file.write_text(
            gate.file.read_text().replace("[server]", '[server]\ndrain_notice = "60s"')
        )
        gateway = gate.start()
        gateway.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 60
        while gateway.fetch("/readyz")[0] != 503 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert gateway.fetch("/readyz") == (503, b'{"status":"draining"}')
        gateway.process.send_signal(signal.SIGTERM)  # from a manager too: it is the same stop
        assert say(OpenAI(base_url=gate.base_url, api_key="none", max_retries=0)).status_code == 200
        gateway.process.send_signal(signal.SIGINT)
        assert gateway.process.wait(60) == 0


def test_rows_of_acknowledged_requests_survive_kill_9_under_load(tmp_path):
    async def load(gate: Running, acknowledged: list[str]) -> None:
        """Ask until the gateway dies; note each request whose answer has been read whole."""
        async with AsyncOpenAI(base_url=gate.base_url, api_key="none", max_retries=0) as client:

            async def ask(number: int) -> None:
                asked: list[ChatCompletionMessageParam] = [
                    {"role": "user", "content": f"question {number}"}
                ]
                create = client.chat.completions.with_raw_response.create
                if number % 3:
                    headers = (await create(model="auto", messages=asked)).headers
                else:
                    streamed = await create(model="auto", messages=asked, stream=True)
                    headers = streamed.headers
                    async for _ in streamed.parse():
                        pass
                acknowledged.append(headers["x-headgate-request-id"])

            async def worker(first: int) -> None:
                for number in range(first, 100_000, 8):
                    try:
                        await ask(number)
                    except Exception:  # noqa: BLE001 - the gateway has been killed
                        return

            enough = len(acknowledged) + 30
            workers = [asyncio.create_task(worker(first)) for first in range(8)]
            while len(acknowledged) < enough:
                assert not all(one.done() for one in workers)
                await asyncio.sleep(0.01)
            gate.gateway.process.send_signal(signal.SIGKILL)
            await asyncio.gather(*workers)

    acknowledged: list[str] = []
    with running(tmp_path) as gate:
        for turn in range(4):
            asyncio.run(load(gate, acknowledged))
            gate.gateway.process.wait(60)
            if turn < 3:
                gate.start()
        rows = [request_id for request_id, _ in gate.rows()]
        tally = json.loads(_get(f"{gate.provider.address}/_tally"))
    assert len(acknowledged) > 100
    assert len(rows) == len(set(rows))
    assert set(acknowledged) <= set(rows)
    assert len(rows) <= tally["billed"]["cheap-1"]["calls"]


def _get(url: str) -> bytes:
    from urllib.request import urlopen

    for _ in range(3):
        try:
            with urlopen(url, timeout=60) as answer:
                return bytes(answer.read())
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"{url} does not answer")


def test_the_admin_port_has_its_own_address_and_token(tmp_path):
    with running(tmp_path) as home:
        home.stop()
        text = home.file.read_text().replace('admin = ""', 'admin = "127.0.0.1:0"')
        home.file.write_text(text)
        url, token = admin_port(home.start())
        assert token not in home.gateway.log.read_text()
        assert url != home.gateway.address
        for headers, status in (({}, 401), ({"authorization": f"Bearer {token}"}, 404)):
            request = urllib.request.Request(f"{url}/none", headers=headers)
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(request, timeout=60)
            assert caught.value.code == status
            caught.value.close()
        with urllib.request.urlopen(f"{url}/readyz", timeout=60) as answer:
            assert answer.status == 200


def test_the_pages_show_what_a_reload_has_changed(tmp_path):
    with running(tmp_path) as home:
        home.stop()
        home.file.write_text(
            home.file.read_text().replace('admin = ""', 'admin = "127.0.0.1:0"\nreload = false')
        )
        url, token = admin_port(home.start())
        headers = {"authorization": f"Bearer {token}"}

        def ask(path: str, method: str = "GET") -> str:
            request = urllib.request.Request(url + path, headers=headers, method=method)
            with urllib.request.urlopen(request, timeout=60) as answer:
                return str(answer.read().decode())

        assert "sim/premium-1" in ask("/plan")
        assert "sim/premium-2" not in ask("/plan")
        home.file.write_text(home.file.read_text().replace("sim/premium-1", "sim/premium-2"))
        assert '"done"' in ask("/api/reload", "POST")
        deadline = time.monotonic() + 60  # another process makes the pages, and follows
        while "sim/premium-2" not in (shown := ask("/plan")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert "sim/premium-1" not in shown
        assert "sim/premium-2" in ask("/prices")
