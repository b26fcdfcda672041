"""The front door: finds the command, loads only its module, turns errors into sentences."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from headgate import __version__
from headgate.errors import HeadgateError

COMMANDS = {
    "plan": "headgate.cli.plan:plan",
}
"""Command name -> `module:attribute`; a module is imported when its command is called."""


class LazyGroup(click.Group):
    """A group that imports a command's module only when it is needed: `plan` starts in no time."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All command names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one command; None where the name is unknown."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].split(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - a slip in the table above
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="headgate")
def cli() -> None:
    """Route LLM requests to a cheap or a premium model, and prove what that saves."""


def main(args: list[str] | None = None) -> Any:
    """Run the command line; exit 0 fine, 1 the answer is no, 2 wrong use, 130 interrupted."""
    try:
        code = cli.main(args=args, prog_name="headgate", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except HeadgateError as error:
        click.echo(f"headgate: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # `headgate plan | head -1`: the reader has seen enough
        sys.stderr.close()
        sys.exit(0)
    sys.exit(code if isinstance(code, int) else 0)
