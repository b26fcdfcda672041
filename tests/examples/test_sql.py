"""Questions that the documentation puts to a ledger in SQL have answers."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from headgate.ledger.sqlite import SqliteStore
from tests.examples.blocks import PAGES, blocks
from tests.ledger.samples import traffic

QUESTIONS = [
    statement.strip()
    for page in PAGES
    for block in blocks(page)
    if block.language == "sql"
    for statement in block.text.split(";")
    if "SELECT" in statement
]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda text: text.splitlines()[0])
def test_a_question_to_the_ledger_is_answered(question: str, tmp_path: Path):
    file = tmp_path / "headgate.db"
    store = SqliteStore(file)
    store.append(traffic(random.Random(7), 200))
    store.close()
    connection = sqlite3.connect(file)
    try:
        rows = connection.execute(question).fetchall()
    finally:
        connection.close()
    assert rows


def test_there_are_such_questions():
    assert len(QUESTIONS) >= 2
