"""`python -m headgate.cli.worker`: one of several workers; `headgate serve` starts them."""

from __future__ import annotations

from pathlib import Path

import click

from headgate.cli.main import main
from headgate.cli.options import open_settings, settings_options
from headgate.cli.running import log_to_stderr, run
from headgate.cli.serving import serve_one
from headgate.cli.workers import Place

__all__ = ["worker"]


@click.command()
@click.argument("index", type=int)
@click.argument("ready", type=int)
@click.argument("lifeline", type=int)
@settings_options
def worker(
    index: int, ready: int, lifeline: int, config: Path | None, sets: tuple[str, ...]
) -> None:
    """Serve the shared port as worker number INDEX, with these ends of the parent's pipes."""
    log_to_stderr()
    reading = open_settings(config, sets, need_file=True)
    place = Place(index, ready, lifeline)
    place.hold_metrics()
    run(serve_one(reading, place, sets))


if __name__ == "__main__":
    main(command=worker)
