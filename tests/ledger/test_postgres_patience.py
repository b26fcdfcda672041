"""postgres_patience: when a server that says nothing is given up, by a clock that a test sets."""

from __future__ import annotations

import pytest

pytest.importorskip("psycopg")

import psycopg
from psycopg.waiting import Ready, Wait

from headgate.ledger.postgres_patience import impatient


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def question(answers: int):
    """Waits for so many pieces; what it gives is what it has heard."""
    heard: list[Ready] = []
    while heard.count(Ready.R) < answers:
        heard.append((yield Wait.R))
    return heard


def through(gen, clock: Clock, *steps: tuple[float, Ready]):
    """What comes of it when this comes at these times."""
    assert next(gen) == Wait.R
    try:
        for clock.now, ready in steps:
            assert gen.send(ready) == Wait.R
    except StopIteration as end:
        return end.value
    return "goes on"


def test_what_comes_is_passed_on_and_so_is_the_end():
    clock = Clock()
    steps = [(1.0, Ready.NONE), (2.0, Ready.R), (3.0, Ready.R)]
    told = through(impatient(question(2), 10.0, clock), clock, *steps)
    assert told == [Ready.NONE, Ready.R, Ready.R]


def test_one_that_says_nothing_for_too_long_is_given_up():
    clock = Clock()
    gen = impatient(question(1), 10.0, clock)
    assert through(gen, clock, (9.9, Ready.NONE)) == "goes on"
    clock.now = 10.0
    with pytest.raises(psycopg.OperationalError, match=r"said nothing for 10 s"):
        gen.send(Ready.NONE)


def test_whoever_goes_on_speaking_may_take_any_time():
    clock = Clock()
    steps = [(9.0 * number, Ready.R) for number in range(1, 100)]
    assert through(impatient(question(100), 10.0, clock), clock, *steps) == "goes on"


def test_an_answer_without_a_wait_is_one():
    gen = impatient(question(0), 10.0, Clock())
    with pytest.raises(StopIteration) as end:
        next(gen)
    assert end.value.value == []


def test_what_goes_wrong_otherwise_is_told_as_it_is():
    def failing():
        yield Wait.R
        raise psycopg.ProgrammingError("no such table")

    clock = Clock()
    with pytest.raises(psycopg.ProgrammingError, match="no such table"):
        through(impatient(failing(), 10.0, clock), clock, (1.0, Ready.R))
