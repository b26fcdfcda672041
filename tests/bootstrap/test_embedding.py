"""embedding: each text once, within the cap, kept batch by batch; or by code at hand."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

import pytest

from headgate.analysis.purse import Purse
from headgate.analysis.rows import GradedRow
from headgate.analysis.vectors import VectorFile, vector_file
from headgate.bootstrap.asking import Asker, Embedder, Patience, embedder_of
from headgate.bootstrap.book import book_of
from headgate.bootstrap.embedding import BATCH, batches, embed, encode, encoder_of, forecast
from headgate.bootstrap.gateway import upstream_of
from headgate.errors import ConfigError, UpstreamError
from headgate.settings import read
from headgate.testing.brain import tokens
from headgate.values import ModelRef
from headgate.wire.embeddings import asking
from tests.analysis.planted import numbers
from tests.bootstrap.panel import KEYS, panel

DAY = date(2026, 11, 20)
TEXTS = [f"text {number}" for number in range(2 * BATCH + 8)]


def seat_of(file: Path, model: str = "panel/small") -> Embedder:
    settings = read(file, env=KEYS)
    book = book_of(settings, env={})
    return embedder_of(settings, KEYS, book, DAY, ModelRef.parse(model))


def embedded(file: Path, vectors: VectorFile, texts: list[str], cap: int = 10**9) -> int:
    """Ask for all of these; how many calls were sent."""

    async def run() -> int:
        upstream = upstream_of(read(file, env=KEYS))
        asker = Asker(
            upstream,
            vectors.receipts,
            concurrency=2,
            patience=Patience(attempts=2, backoff_base=0.001),
            jitter=lambda: 0.5,
        )
        try:
            purse = Purse(cap, vectors.receipts.spent)
            await embed(texts, seat_of(file), asker, purse)
        finally:
            await upstream.close()
        return asker.sent

    return asyncio.run(run())


def test_all_texts_come_back_in_batches_and_are_billed_as_the_provider_says(tmp_path: Path):
    rows = [GradedRow(prompt=text, cheap=0.0, premium=1.0) for text in TEXTS]
    with panel(tmp_path) as (file, provider), vector_file(tmp_path / "v") as vectors:
        assert embedded(file, vectors, TEXTS) == 3
        usage = provider.tally.report().billed["small"].usage
        assert usage.input == sum(map(tokens, TEXTS))
        assert vectors.receipts.spent == 1000 * usage.input
        assert vectors.lacking("panel/small", rows) == []
        found = vectors.vectors("panel/small", "endpoint").vector(TEXTS[150])
    assert found is not None
    length = sum(number * number for number in numbers(TEXTS[150])) ** 0.5
    assert [number * length for number in found] == pytest.approx(numbers(TEXTS[150]), abs=2e-3)


def test_the_price_is_said_before_and_the_bill_lies_below_its_worst(tmp_path: Path):
    with panel(tmp_path) as (file, _), vector_file(tmp_path / "v") as vectors:
        price = forecast(TEXTS, seat_of(file))
        embedded(file, vectors, TEXTS)
        assert 0 < price.expected <= price.worst
        assert vectors.receipts.spent <= price.worst


def test_the_same_batch_is_not_paid_twice(tmp_path: Path):
    with panel(tmp_path) as (file, _), vector_file(tmp_path / "v") as vectors:
        embedded(file, vectors, TEXTS[:5])
        assert embedded(file, vectors, TEXTS[:5]) == 0


def test_a_cap_that_is_used_up_stops_it_and_keeps_what_came(tmp_path: Path):
    with panel(tmp_path) as (file, _), vector_file(tmp_path / "v") as vectors:
        seat = seat_of(file)
        cap = seat.worst(asking("small", TEXTS[:BATCH])) + 10
        with pytest.raises(ExceptionGroup) as caught:
            embedded(file, vectors, TEXTS, cap)
        for error in caught.value.exceptions:
            assert isinstance(error, ConfigError)
            assert "--max-usd" in (error.fix or "")
        assert vectors.receipts.spent <= cap


def test_a_provider_that_is_down_is_an_error_of_its_own(tmp_path: Path):
    with panel(tmp_path) as (file, _):
        pass
    with vector_file(tmp_path / "v") as vectors:
        with pytest.raises(ExceptionGroup) as caught:
            embedded(file, vectors, TEXTS[:3])
        assert isinstance(caught.value.exceptions[0], UpstreamError)
        assert vectors.receipts.spent == 0


@pytest.mark.parametrize(
    ("model", "why"),
    [("nobody/small", "not in the file"), ("panel/unpriced", "No price|no price")],
)
def test_a_model_that_cannot_be_asked_within_a_cap_is_refused(tmp_path: Path, model: str, why: str):
    with panel(tmp_path) as (file, _), pytest.raises(ConfigError, match=why):
        seat_of(file, model)


def test_a_provider_without_embeddings_is_refused(tmp_path: Path):
    with panel(tmp_path) as (file, _):
        file.write_text(file.read_text().replace('"openai"', '"anthropic"').replace("/v1", ""))
        with pytest.raises(ConfigError, match="has no embeddings"):
            seat_of(file)


def test_nothing_to_embed_sends_nothing():
    assert batches([]) == []
    assert [len(batch) for batch in batches(TEXTS)] == [BATCH, BATCH, 8]


def test_an_encoder_is_found_beside_and_called_in_batches(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny_encoder.py").write_text(
        "import numpy\n"
        "SIZES = []\n"
        "def encode(texts):\n"
        "    SIZES.append(len(texts))\n"
        "    return numpy.array([[len(text), 1.0] for text in texts])\n"
    )
    found = encoder_of("tiny_encoder:encode")
    with vector_file(tmp_path / "v") as vectors:
        encode(TEXTS, "tiny_encoder:encode", found, vectors)
        vector = vectors.vectors("tiny_encoder:encode", "local").vector("text 7")
        assert vectors.receipts.spent == 0
    assert vector == pytest.approx([6 / 37**0.5, 1 / 37**0.5], abs=1e-3)
    assert found.__globals__["SIZES"] == [BATCH, BATCH, 8]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nothing", "names no encoder"),
        (":encode", "names no encoder"),
        ("no_such_module_here:encode", "There is no encoder"),
        ("math:no_such_name", "There is no encoder"),
        ("math:pi", "cannot be called"),
    ],
)
def test_what_is_no_encoder_is_refused(name: str, why: str):
    with pytest.raises(ConfigError, match=why) as caught:
        encoder_of(name)
    assert "module:callable" in (caught.value.fix or "")


@pytest.mark.parametrize("answer", [[], [[1.0]], [[1.0], [float("nan")]], [[1.0], [1.0, 2.0]]])
def test_an_encoder_that_returns_something_else_is_told_so(tmp_path: Path, answer):
    wrong = "did not return what an encoder should"
    with vector_file(tmp_path / "v") as vectors, pytest.raises(ConfigError, match=wrong):
        encode(["a", "b"], "m:f", lambda _: answer, vectors)


@pytest.mark.parametrize("answer", [None, 5, [1.0, 2.0], [["a"], ["b"]], {"a": [1.0]}])
def test_an_encoder_that_returns_no_lists_of_numbers_is_told_so(tmp_path: Path, answer):
    with vector_file(tmp_path / "v") as vectors, pytest.raises(ConfigError, match="m:f raised"):
        encode(["a", "b"], "m:f", lambda _: answer, vectors)


def test_what_an_encoder_raises_is_its_own_fault_and_its_message_is_not_shown(tmp_path: Path):
    def broken(texts: list[str]) -> list[list[float]]:
        raise RuntimeError(texts[0])

    with vector_file(tmp_path / "v") as vectors, pytest.raises(ConfigError) as caught:
        encode(["my prompt"], "m:f", broken, vectors)
    assert "m:f raised RuntimeError" in str(caught.value)
    assert "my prompt" not in str(caught.value)


def test_a_module_that_cannot_be_imported_is_told_with_what_shows_why(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "unfinished_encoder.py").write_text("def encode(texts:\n")
    with pytest.raises(ConfigError, match="it raises SyntaxError") as caught:
        encoder_of("unfinished_encoder:encode")
    assert "python -c 'import unfinished_encoder'" in (caught.value.fix or "")
