"""A group of commands that knows what was meant by a word that is none of them."""

from __future__ import annotations

import click

__all__ = ["Group"]


class Group(click.Group):
    """Commands below a word, as `headgate ledger` has them."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names; where there is none, the one that was meant.

        Raises:
            click.UsageError: there is no such command.
        """
        names = self.list_commands(ctx)
        if args and args[0] not in names and not ctx.resilient_parsing:
            from headgate.cli.meant import no_such_command  # needed for a slip only

            group = "" if ctx.parent is None else str(self.name)
            ctx.fail(no_such_command(args[0], names, group))
        return super().resolve_command(ctx, args)
