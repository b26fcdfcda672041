"""The graded row: frozen, and complete from three fields on."""

from __future__ import annotations

import pytest

from headgate.analysis.rows import GradedRow


def test_a_prompt_and_two_scores_make_a_row():
    row = GradedRow(prompt="x", cheap=0.0, premium=1.0)
    assert (row.category, row.time, row.cheap_nano, row.turns) == ("", None, None, 1)


def test_a_row_cannot_be_changed():
    row = GradedRow(prompt="x", cheap=0.0, premium=1.0)
    with pytest.raises(AttributeError):
        row.cheap = 1.0  # type: ignore[misc]
