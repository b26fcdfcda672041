"""Metrics of a gateway: what is served is counted, and a scrape needs the admin token."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from headgate.bootstrap.admin import AdminToken, admin_of
from headgate.bootstrap.clock import SystemClock
from headgate.bootstrap.gateway import app_of, upstream_of
from headgate.bootstrap.metrics import metrics_of, scrape
from headgate.gateway.record import Told
from headgate.ledger.writer import Ledger
from headgate.routing.artifact import dump
from headgate.routing.router import Head
from headgate.settings import read
from headgate.settings.schema import ClassifierSettings, PolicySettings, Settings
from headgate.settings.watching import QualitySettings
from tests.gateway.callers import Asked
from tests.gateway.house import ENV, LEARNED, RULES, Kept, house
from tests.ledger.samples import entry
from tests.routing.routers import small_artifact

TOKEN = "a-token-of-sixteen-and-more"


def settings_of(folder: Path) -> Settings:
    file = folder / "headgate.toml"
    base = "http://127.0.0.1:1"
    file.write_text(RULES.format(openai=base, anthropic=base, responses=base))
    return read(file, env=ENV)


def test_a_scrape_needs_the_admin_token_and_says_what_runs(tmp_path):
    settings = settings_of(tmp_path)
    metrics = metrics_of(settings)
    ledger = Ledger.open("memory:", clock=SystemClock())
    app = app_of(
        settings, ENV, upstream=upstream_of(settings), recorder=Kept(), clock=SystemClock()
    )
    admin = admin_of(app, AdminToken(TOKEN, "memory"))
    admin.mount("/metrics", scrape(metrics, lambda: ledger.counts))
    stranger = Asked(path="/metrics")
    asyncio.run(admin(stranger))
    assert stranger.status == 401
    known = Asked(path="/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    asyncio.run(admin(known))
    assert known.status == 200
    assert known.answer_headers["content-type"].startswith("text/plain")
    assert f'config="{settings.fingerprint}"' in known.answer.decode()
    assert "headgate_ledger_pending_rows 0.0" in known.answer.decode()
    ledger.close()


def test_what_the_gateway_serves_is_counted_under_its_models(tmp_path):
    metrics = metrics_of(settings_of(tmp_path))

    async def run() -> str:
        async with house(RULES) as home:
            await home.ask("hello")
            await home.ask("hello again")
            told = Told(Kept(), metrics.take)
            for entry in home.entries:
                told.record(entry)
            return metrics.exposition()[1].decode()

    text = asyncio.run(run())
    (line,) = (
        line
        for line in text.splitlines()
        if line.startswith("headgate_attempts_total{") and 'purpose="answer"' in line
    )
    assert line.endswith(" 2.0")
    assert 'model="other"' not in line
    assert "gate-key" not in text


def test_the_models_of_deciders_and_judges_are_counted_by_name(tmp_path):
    settings = settings_of(tmp_path)
    draft = PolicySettings(
        name="draft", kind="cascade", second_model="p/second", judge_model="p/grades"
    )
    settings = msgspec.structs.replace(
        settings,
        classifier=ClassifierSettings(kind="model", model="p/decides"),
        policies=(draft,),
        quality=QualitySettings(shadow_rate=0.1, judge="p/compares"),
    )
    metrics = metrics_of(settings)
    names = ["decides", "second", "grades", "compares", "unheard-of"]
    for name in names:
        metrics.take(entry(provider="p", model_asked=name))
    metrics.fold()
    text = metrics.exposition()[1].decode()
    counted = [name for name in names if f'headgate_attempts_total{{model="p/{name}"' in text]
    assert counted == names[:-1]


def test_a_routers_embeddings_are_counted_under_their_models_name(tmp_path):
    file = tmp_path / "headgate.toml"
    base = "http://127.0.0.1:1"
    file.write_text(LEARNED.format(openai=base, anthropic=base, responses=base))
    artifact = small_artifact(head=Head("google/embedder", "endpoint", (1.0,) * 8))
    (tmp_path / "router.headgate").write_bytes(dump(artifact))
    metrics = metrics_of(read(file, env=ENV))

    async def run() -> str:
        async with house(LEARNED, artifact=artifact) as home:
            await home.ask("hello")
            told = Told(Kept(), metrics.take)
            for entry in home.entries:
                told.record(entry)
            return metrics.exposition()[1].decode()

    assert 'model="google/embedder"' in asyncio.run(run())
