"""vectors: kept by a digest of the text, of length 1, and found again in another process."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from headgate.analysis.receipts import Receipt, Receipts
from headgate.analysis.rows import GradedRow
from headgate.analysis.vectors import VectorFile, packed, vector_file
from headgate.errors import ConfigError


def rows(*texts: str) -> list[GradedRow]:
    return [GradedRow(prompt=text, cheap=0.0, premium=1.0) for text in texts]


def test_vectors_are_there_again_after_the_file_was_closed(tmp_path: Path):
    path = tmp_path / "r.vectors"
    with vector_file(path) as file:
        file.add("m/e", ["a", "b"], [[3.0, 4.0], [0.0, -2.0]])
    with vector_file(path) as file:
        found = file.vectors("m/e", "endpoint")
    assert found.of(rows("b", "a", "b")) == pytest.approx(
        np.array([[0, -1], [0.6, 0.8], [0, -1]]), abs=1e-3
    )
    assert found.vector("a") == pytest.approx([0.6, 0.8], abs=1e-3)
    assert found.vector("c") is None


def test_only_texts_that_this_model_has_not_embedded_are_lacking_each_once(tmp_path: Path):
    with vector_file(tmp_path / "v") as file:
        file.add("m/e", ["a"], [[1.0]])
        assert file.lacking("m/e", rows("b", "a", " b ", "c")) == ["b", "c"]
        assert file.lacking("m/other", rows("a")) == ["a"]


def test_a_long_text_counts_by_both_its_ends(tmp_path: Path):
    long = "x" * 5000
    with vector_file(tmp_path / "v") as file:
        (shown,) = file.lacking("m/e", rows(long, long + "x"))
        assert len(shown) == 1601
        file.add("m/e", [shown], [[1.0, 0.0]])
        assert file.vectors("m/e", "local").of(rows(long)).shape == (1, 2)


def test_what_a_killed_run_had_paid_is_used_and_counts(tmp_path: Path):
    path = tmp_path / "v"
    receipts = Receipts(path, "headgate train --embeddings", "--vectors")
    receipts.add(Receipt("k", "sent", 50))
    receipts.add(Receipt("k", "paid", 40, model="m/e", text=packed(["a"], [[1.0]])))
    receipts.add(Receipt("l", "sent", 7))
    receipts.close()
    with vector_file(path) as file:
        assert file.receipts.spent == 47
        assert file.lacking("m/e", rows("a", "b")) == ["b"]


def test_no_text_is_in_the_file(tmp_path: Path):
    path = tmp_path / "v"
    with vector_file(path) as file:
        file.add("m/e", ["a secret prompt"], [[1.0, 2.0]])
    assert b"secret" not in path.read_bytes()


def test_a_row_without_its_vector_is_refused_with_the_way_out(tmp_path: Path):
    with vector_file(tmp_path / "v") as file:
        file.add("m/e", ["a"], [[1.0]])
        known = file.vectors("m/e", "endpoint")
    with pytest.raises(ConfigError, match="1 of 2 rows have no embedding of m/e") as caught:
        known.of(rows("a", "b"))
    assert "headgate train" in (caught.value.fix or "")


def test_a_model_that_changed_its_length_between_two_runs_is_found_out(tmp_path: Path):
    with vector_file(tmp_path / "v") as file:
        file.add("m/e", ["a"], [[1.0]])
        file.add("m/e", ["b"], [[1.0, 2.0]])
        known = file.vectors("m/e", "endpoint")
    with pytest.raises(ConfigError, match="different lengths"):
        known.of(rows("a", "b"))


@pytest.mark.parametrize(
    "vectors", [[], [[1.0]], [[1.0], [1.0, 2.0]], [[], []], [[math.nan], [1.0]], [[math.inf], [1]]]
)
def test_what_are_no_two_vectors_is_refused(vectors: list[list[float]]):
    with pytest.raises(ValueError, match="vector"):
        packed(["a", "b"], vectors)


def test_another_file_is_left_alone(tmp_path: Path):
    path = tmp_path / "v"
    Receipts(path).close()
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="no state of `headgate train --embeddings`") as caught:
        VectorFile(path)
    assert "--vectors" in (caught.value.fix or "")
    assert path.read_bytes() == before
