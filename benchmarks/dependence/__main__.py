"""`python -m benchmarks.dependence WHAT [TIMES]`: promises on dependent traffic."""

from __future__ import annotations

import click

from benchmarks.dependence import certificates, quality, retries, stale, tripwire, windows

__all__ = ["main"]

WHAT = {
    "certificates": certificates.main,
    "quality": quality.main,
    "retries": retries.main,
    "stale": stale.main,
    "tripwire": tripwire.main,
    "windows": windows.main,
}


@click.command()
@click.argument("what", type=click.Choice([*WHAT]))
@click.argument("times", type=click.IntRange(1), default=200)
def main(what: str, times: int) -> None:
    """Simulate one of what is promised so many times a case."""
    WHAT[what](times)


if __name__ == "__main__":
    main()
