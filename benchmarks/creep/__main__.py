"""`python -m benchmarks.creep`: six months through a running gateway, and what became of them."""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks.creep.simulate import BEGIN, DAY, House, creeping, house, run_day
from headgate.ledger.event import Event
from headgate.testing.server import Request, Response, Server

QUIET_DAYS, RISE = 60, 0.001
"""The planted truth: 12 % for sixty days, then a tenth of a point more every day."""


@click.command()
@click.option("--days", type=int, default=180, show_default=True)
@click.option("--requests", type=int, default=40, show_default=True, help="A day.")
@click.option("--seed", type=int, default=1, show_default=True)
def main(days: int, requests: int, seed: int) -> None:
    """Print every event with its simulated day, and how long it all took."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        told, events, asked = asyncio.run(_simulate(Path(folder), days, requests, seed))
    for event in events:
        when = datetime.fromtimestamp(event.at_us / 1e6, UTC)
        day = (event.at_us / 1e6 - BEGIN) / DAY
        click.echo(f"day {day:5.1f}  {when:%Y-%m-%d}  {event.kind:<14}  {event.subject}")
    click.echo(f"told by webhook: {', '.join(told)}")
    click.echo(f"{asked:,} requests, {days} days in {time.perf_counter() - began:.0f} s")


async def _simulate(
    folder: Path, days: int, requests: int, seed: int
) -> tuple[list[str], list[Event], int]:
    told: list[str] = []

    async def hook(request: Request) -> Response:
        told.append(str(json.loads(request.body)["news"]))
        return Response(204, {}, b"")

    sink = Server(hook)
    port = await sink.start("127.0.0.1", 0)
    dice, rate = random.Random(seed), creeping(QUIET_DAYS, 0.12, RISE)
    asked = 0
    try:
        async with house(folder, on_breach="pin", webhook=f"http://127.0.0.1:{port}") as home:
            mended = None
            for day in range(days):
                share = 0.12 if mended is not None else rate(day)
                asked += (await run_day(home, day, requests, share, dice)).requests
                pinned = home.events("action.pin")
                if mended is None and pinned:
                    mended = day + 7  # a week until somebody has mended the rule
                if mended == day:
                    await _release(home)
            await asyncio.sleep(0.5)  # the courier's last word
            events = home.events()
    finally:
        await sink.stop()
    return told, events, asked


async def _release(home: House) -> None:
    home.release()
    await home.look()
    await home.look()


if __name__ == "__main__":
    main()
