"""Embeddings for training: asked of an endpoint within a cap, or made by code at hand."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from headgate.analysis.purse import Purse, SpentError
from headgate.analysis.vectors import VectorFile
from headgate.bootstrap.asking import Asker, Embedder
from headgate.errors import ConfigError
from headgate.values import Usage, tokens_in
from headgate.wire import embeddings

__all__ = ["Encoder", "Price", "batches", "embed", "encode", "encoder_of", "forecast"]

BATCH = 96
"""Texts in a call: some endpoints take no more."""

Encoder: TypeAlias = Callable[[list[str]], Sequence[Sequence[float]]]


class Price(NamedTuple):
    """What embedding will cost, nano-USD, without retries."""

    expected: int
    worst: int


def batches(texts: Sequence[str]) -> list[Sequence[str]]:
    """The texts of each call."""
    return [texts[at : at + BATCH] for at in range(0, len(texts), BATCH)]


def forecast(texts: Sequence[str], seat: Embedder) -> Price:
    """The price of these texts, before a single call."""
    expected = worst = 0
    for batch in batches(texts):
        most = seat.worst(embeddings.asking(seat.ref.model, batch))
        tokens = sum(tokens_in(text) for text in batch)
        expected += seat.cost(Usage(tokens), most)
        worst += most
    return Price(expected, worst)


async def embed(
    texts: Sequence[str],
    seat: Embedder,
    asker: Asker,
    purse: Purse,
    step: Callable[[], None] = lambda: None,
) -> None:
    """Ask for the embeddings of all texts; the asker's receipts keep them.

    `step` is called after each batch.

    Raises:
        ConfigError: the provider refuses all calls, or failures that cost have used up the money.
        UpstreamError: the provider failed, for good. What was answered is kept.
    """

    async def one(batch: Sequence[str]) -> None:
        money = purse.allow(0)
        assert money is not None  # noqa: S101 - nothing is always there
        try:
            await asker.ask(seat, embeddings.asking(seat.ref.model, batch), 0, money)
        except SpentError as error:
            raise ConfigError(
                "Failed calls that may have been billed have used up the money.",
                fix="Raise --max-usd; what was answered is kept, and not paid again.",
            ) from error
        finally:
            money.close()
        step()

    async with asyncio.TaskGroup() as group:
        for batch in batches(texts):
            group.create_task(one(batch))


def encoder_of(name: str) -> Encoder:
    """The callable that `module:callable` names; the working directory is looked in, too.

    Raises:
        ConfigError: there is none.
    """
    module, colon, attribute = name.partition(":")
    fix = "Write it as module:callable; it takes a list of texts and returns a vector for each."
    if not (module and colon and attribute):
        raise ConfigError(f"{name!r} names no encoder.", fix=fix)
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        found: Any = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"There is no encoder {name}: {error}.", fix=fix) from error
    except Exception as error:
        raise ConfigError(
            f"{module} cannot be imported: it raises {type(error).__name__}.",
            fix=f"`python -c 'import {module}'` shows where.",
        ) from error
    finally:
        sys.path.remove(here)
    if not callable(found):
        raise ConfigError(f"{name} cannot be called.", fix=fix)
    encoder: Encoder = found
    return encoder


def encode(
    texts: Sequence[str],
    name: str,
    encoder: Encoder,
    file: VectorFile,
    step: Callable[[], None] = lambda: None,
) -> None:
    """Have code at hand make the embeddings of all texts, and keep them.

    Raises:
        ConfigError: it raises, or does not return a vector of finite numbers for each text.
    """
    for batch in batches(texts):
        try:
            found = [[float(number) for number in vector] for vector in encoder(list(batch))]
        except Exception as error:  # code of the caller's; its message may hold their texts
            raise ConfigError(
                f"{name} raised {type(error).__name__}, or returned no lists of numbers.",
                fix="Call it by hand with a list of texts: it returns a vector for each.",
            ) from error
        try:
            file.add(name, batch, found)
        except ValueError as error:
            raise ConfigError(
                f"{name} did not return what an encoder should: {error}.",
                fix="It takes a list of texts and returns a vector for each, all of one length.",
            ) from error
        step()
