"""Labelling: both tiers and the judge for each item, in order, as far as the money goes."""

from __future__ import annotations

import asyncio
from pathlib import Path

from headgate.analysis.label import items_of
from headgate.analysis.purse import Purse
from headgate.analysis.receipts import Receipts
from headgate.analysis.record import Record
from headgate.bootstrap.asking import Asker, Patience
from headgate.bootstrap.gateway import upstream_of
from headgate.bootstrap.labelling import HOPELESS, Bench, forecast, label
from headgate.testing.faults import FaultPlan
from tests.bootstrap.panel import panel
from tests.bootstrap.test_asking import seats


def labelled(
    directory: Path,
    prompts: list[str],
    *,
    cap: int = 10**10,
    faults: FaultPlan | None = None,
    workers: int = 3,
):
    with panel(directory, faults) as (file, provider):
        settings, found = seats(file)
        bench = Bench(*found)
        items, _ = items_of([Record(prompt=prompt) for prompt in prompts], 20)
        receipts = Receipts(directory / "state")
        price = forecast(items, bench, receipts, None)
        purse = Purse(cap, receipts.spent)
        steps: list[None] = []

        async def run():
            upstream = upstream_of(settings)
            asker = Asker(
                upstream,
                receipts,
                concurrency=workers,
                patience=Patience(attempts=2, backoff_base=0.001),
                jitter=lambda: 0.5,
            )
            outcome = await label(
                items, bench, asker, purse, workers=workers, step=lambda: steps.append(None)
            )
            await upstream.close()
            return outcome

        try:
            outcome = asyncio.run(run())
            after = forecast(items, bench, receipts, None)
        finally:
            receipts.close()
        assert purse.held == 0
        assert purse.spent == receipts.spent <= cap
        assert len(steps) == len(outcome.labelled) + len(outcome.unlabelled)
        return outcome, price, after, purse, provider


def test_every_item_is_graded_and_the_order_is_kept(tmp_path: Path):
    prompts = [f"{n} {'hard' if n % 3 == 0 else 'easy'}" for n in range(9)]
    outcome, price, after, purse, _ = labelled(tmp_path, prompts)
    assert [one.item.record.prompt for one in outcome.labelled] == prompts
    grades = [one.verdict.grades for one in outcome.labelled]
    assert [pair.cheap for pair in grades] == [0.0, 1.0, 1.0] * 3
    assert {pair.premium for pair in grades} == {1.0}
    assert price.calls == 36
    assert purse.spent <= price.worst
    assert after == (0, 0, 0)


def test_a_run_that_ends_with_its_money_is_gone_on_with(tmp_path: Path):
    prompts = [f"{n} easy" for n in range(12)]
    first, *_ = labelled(tmp_path, prompts, cap=16_000_000)
    assert 0 < len(first.labelled) < 12
    assert first.left == 12 - len(first.labelled)
    second, price, _, _, provider = labelled(tmp_path, prompts)
    assert len(second.labelled) == 12
    calls = sum(told.calls for told in provider.tally.report().billed.values())
    assert calls <= price.calls < 48


def test_what_fails_for_good_is_told_and_the_rest_is_done(tmp_path: Path):
    prompts = ["1 easy", "2 easy [[error]]", "3 easy"]
    outcome, *_ = labelled(tmp_path, prompts)
    assert len(outcome.labelled) == 2
    assert outcome.unlabelled[0].reason == "panel/small answers 500."


def test_where_nothing_works_it_stops(tmp_path: Path):
    faults = FaultPlan(error=1.0)
    outcome, *_ = labelled(tmp_path, [f"{n}" for n in range(40)], faults=faults, workers=1)
    assert (len(outcome.unlabelled), outcome.left) == (HOPELESS, 40 - HOPELESS)


def test_the_judge_sees_neither_model_and_both_orders(tmp_path: Path):
    outcome, *_ = labelled(tmp_path, ["1 hard first"])
    assert outcome.labelled[0].verdict.swung
    state = (tmp_path / "state").read_text()
    assert "panel/judge" in state
