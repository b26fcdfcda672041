"""What was meant by a word of the command line that is no command, or stands in the wrong place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

import click

__all__ = ["CALLED_HERE", "advice", "no_such_command"]

CALLED_HERE = {
    "analyze": ("sample", "report"),
    "config": ("init", "check"),
    "cost": ("plan", "report"),
    "dashboard": ("ui",),
    "db": ("ledger",),
    "doctor": ("check",),
    "gateway": ("serve",),
    "help": ("--help",),
    "ledger add": ("ledger sums",),
    "ledger backup": ("ledger export",),
    "ledger check": ("ledger verify",),
    "ledger delete": ("ledger prune",),
    "ledger list": ("ledger rows",),
    "ledger query": ("ledger rows", "ledger sums"),
    "ledger show": ("ledger rows",),
    "ledger total": ("ledger sums",),
    "lint": ("check",),
    "list": ("ledger rows",),
    "logs": ("ledger rows",),
    "models": ("prices search",),
    "pages": ("ui",),
    "pin": ("escalation pin",),
    "proxy": ("serve",),
    "query": ("ledger rows", "ledger sums"),
    "release": ("escalation release",),
    "requests": ("ledger rows",),
    "rows": ("ledger rows",),
    "run": ("serve",),
    "savings": ("report", "plan"),
    "search": ("prices search",),
    "simulate": ("replay", "demo"),
    "start": ("serve",),
    "sums": ("ledger sums",),
    "up": ("serve",),
    "validate": ("check",),
    "version": ("--version",),
    "web": ("ui",),
    "alerts send": ("alerts test",),
    "alerts show": ("alerts list",),
    "escalation hold": ("escalation pin",),
    "escalation status": ("escalation show",),
    "keys add": ("keys create",),
    "keys delete": ("keys revoke",),
    "keys new": ("keys create",),
    "keys remove": ("keys revoke",),
    "prices find": ("prices search",),
    "prices list": ("prices search",),
}
"""What other tools call a thing -> what does it here, as one writes it behind `headgate`."""


_MODEL = re.compile(r"(?=.*[\d/-])[A-Za-z][\w./:-]*", re.ASCII)
"""What looks like a model's name: a digit, a slash or a dash is in nearly all of them."""


def no_such_command(name: str, names: Iterable[str], group: str = "") -> str:
    """That there is no such command, and the one that was meant, or all.

    Args:
        names: the commands that there are.
        group: the command that they belong to; empty for those of `headgate` itself.

    >>> no_such_command("chekc", ["plan", "check"])
    "There is no command 'chekc'. Did you mean `headgate check`?"
    >>> no_such_command("list", ["rows", "sums"], "ledger")
    "There is no command 'ledger list'. Did you mean `headgate ledger rows`?"
    >>> no_such_command("gpt-5", ["search", "show"], "prices")
    "There is no command 'prices gpt-5'. Did you mean `headgate prices search gpt-5`?"
    """
    front = f"{group} " if group else ""
    names = list(names)
    meant = CALLED_HERE.get(front + name, ())
    if not meant:
        meant = tuple(front + near for near in difflib.get_close_matches(name, names, n=1))
    if not meant and group == "prices" and _MODEL.fullmatch(name):
        meant = (f"prices search {name}",)
    told = " or ".join(f"`headgate {one}`" for one in meant)
    hint = f"Did you mean {told}?" if told else f"There are: {', '.join(names)}."
    return f"There is no command {front + name!r}. {hint}"


def advice(error: click.UsageError, words: Iterable[str]) -> str:
    """What to write instead, where an option or a file stands in the wrong place; else nothing.

    Args:
        words: what stood behind `headgate`.
    """
    context = error.ctx
    if context is None:
        return ""
    if isinstance(error, click.NoSuchOption) and context.parent is None:
        if error.option_name in ("-c", "--config", "--set", "--json"):
            return f"It stands behind the command, as in `headgate plan {error.option_name} …`."
        return ""
    taken = {name for option in context.command.params for name in option.opts}
    files = [word for word in words if word.endswith(".toml") and not word.startswith("-")]
    if "extra argument" in error.message and "--config" in taken and files:
        return f"The settings file is named by an option: --config {files[0]}."
    return ""
