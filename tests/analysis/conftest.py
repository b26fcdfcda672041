"""A router trained once on planted rows, for all tests that only look at it."""

from __future__ import annotations

from datetime import date

import pytest

from headgate.analysis.rows import GradedRow
from headgate.analysis.train import held_out, train
from headgate.routing.artifact import Artifact
from tests.analysis.planted import planted

Trained = tuple[Artifact, list[GradedRow], list[GradedRow]]


@pytest.fixture(scope="session")
def trained() -> Trained:
    """The artifact, the rows it was fitted on, and those held out."""
    fit, test = held_out(planted(3000), share=1 / 3)
    return train(fit, on=date(2026, 11, 20)), fit, test
