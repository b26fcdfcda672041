"""What a feature costs is the difference between two gateways that are really asked."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from benchmarks.gateway import ours
from benchmarks.gateway.parts import MEASURED, PARTS, measured, table

from headgate.routing.artifact import dump
from tests.routing.routers import small_artifact


def test_a_part_is_the_difference_between_with_and_without():
    each = dict.fromkeys(MEASURED, 100.0) | {"headgate": 180.4}
    said = {}
    for line in table(each).splitlines()[2:]:
        name, amount = line.strip("| ").split(" | ")
        said[name] = amount
    assert said["everything on"] == "180"
    assert said["the learned router"] == said["the key"] == "80"
    assert said["the ledger"] == said["rules instead of the router"] == "0"
    assert said["router, key and ledger off"] == "100"
    assert set(said) > {part.name for part in PARTS}


def test_every_variant_answers_in_every_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ours, "write_router", lambda file: file.write_bytes(dump(small_artifact())))
    found = asyncio.run(measured(tmp_path, rounds=2, requests=3))
    assert set(found) == set(MEASURED)
    assert all(len(each) == 2 and min(each) > 0 for each in found.values())
