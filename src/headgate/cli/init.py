"""`headgate init`: writes a commented headgate.toml to start from."""

from __future__ import annotations

import os
from pathlib import Path

import click

from headgate.cli.files import FilePath, write_new, write_whole
from headgate.errors import ConfigError
from headgate.settings.providers import KNOWN, SUGGESTED
from headgate.settings.template import render, shortened

__all__ = ["init"]

ELSEWHERE = "Name a path that can be written."


class ProviderNames(click.ParamType[tuple[str, ...]]):
    """Names of known providers, separated by commas."""

    name = "names"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """The names, each once; fails for one that is not known."""
        if isinstance(value, tuple):
            return value
        names = [name.strip().lower() for name in str(value).split(",") if name.strip()]
        for name in names:
            if name not in SUGGESTED:
                others = f"Begin with {', '.join(SUGGESTED)}"
                if name in KNOWN:
                    known = f"{name} is known, but no model of its is suggested"
                    self.fail(f"{known}. {others}, and write [providers.{name}].", param, ctx)
                self.fail(f"{name!r} is not known. {others}.", param, ctx)
        if not names:
            self.fail("Name at least one.", param, ctx)
        return tuple(dict.fromkeys(names))


@click.command()
@click.argument("path", type=FilePath(), default=Path("headgate.toml"))
@click.option("--force", is_flag=True, help="Overwrite the file if it is there.")
@click.option(
    "--providers",
    type=ProviderNames(),
    default="anthropic,google",
    show_default=True,
    help=f"Whose models to begin with, the first one's to answer: {', '.join(SUGGESTED)}.",
)
@click.option("--short", is_flag=True, help="Only what is set, without every other setting.")
def init(path: Path, *, force: bool, providers: tuple[str, ...], short: bool) -> None:
    """Write a commented headgate.toml to start from.

    PATH is where to; default: headgate.toml in this directory. A file that is there is kept, unless
    --force is given.
    """
    text = render(providers)
    if short:
        text = shortened(text)
    if force:
        write_whole(path, text.encode(), ELSEWHERE)
    else:
        try:
            write_new(path, text, ELSEWHERE)
        except FileExistsError as error:
            raise ConfigError(
                f"{path} is there already, and was kept.",
                fix="Add --force to overwrite it, or name another path.",
            ) from error
    click.echo(f"Wrote {path}.")
    click.echo(_next_steps(path, providers))


def _next_steps(path: Path, providers: tuple[str, ...]) -> str:
    config = "" if path == Path("headgate.toml") else f" --config {path}"
    missing = [KNOWN[name].api_key_env for name in providers]
    missing = [name for name in missing if name and not os.environ.get(name)]
    steps = [
        f"headgate plan{config}",
        *(f"export {name}=..." for name in missing),
        f"headgate check{config}",
        f"headgate serve{config}",
    ]
    return "Next:\n" + "\n".join(f"  {step}" for step in steps)
