"""The front door: finds the command, loads only its module, turns errors into sentences."""

from __future__ import annotations

import errno
import gc
import importlib
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import click

from headgate import __version__
from headgate.cli.group import Group
from headgate.errors import HeadgateError, InternalError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

EXIT_WRONG_USE = 2
EXIT_DEFECT = 70  # EX_SOFTWARE of sysexits.h
EXIT_INTERRUPTED = 130  # as shells report SIGINT: 128 + 2

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
NO_WAY = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG})
"""With a file's name: where it lies or what it is called keeps us out, which is no defect."""


LONGEST_NAME = 200


class Entry(NamedTuple):
    """A command in the list: where it is, and its line of help, known without importing it."""

    target: str
    """`module:attribute`"""
    help: str


COMMANDS = {
    "plan": Entry("headgate.cli.plan:plan", "Say what routing would cost and save a month."),
    "tripwire": Entry(
        "headgate.cli.tripwire:tripwire_command",
        "Say where routing stops paying, and how far away that is.",
    ),
    "prices": Entry("headgate.cli.prices:prices", "Look up, compare and update what models cost."),
    "archetypes": Entry(
        "headgate.cli.archetypes:archetypes",
        "List typical applications to start a plan from, or print one as a headgate.toml.",
    ),
    "init": Entry("headgate.cli.init:init", "Write a commented headgate.toml to start from."),
    "check": Entry("headgate.cli.check:check", "Say what is wrong with the settings, if anything."),
    "serve": Entry(
        "headgate.cli.serve:serve",
        "Serve the gateway: callers use it as they use OpenAI, and ask for model `auto`.",
    ),
    "keys": Entry(
        "headgate.cli.keys:keys",
        "Hand out virtual keys: each with its own budget, limits and name in the ledger.",
    ),
    "decision": Entry(
        "headgate.cli.decision:decision",
        "Show what became of the request REQUEST_ID: what decided, every step, what it cost.",
    ),
    "route": Entry(
        "headgate.cli.route:route",
        "Say what the gateway would do with a PROMPT, without calling anybody.",
    ),
    "report": Entry(
        "headgate.cli.report:report", "Hold the bill against the plan: is routing paying?"
    ),
    "status": Entry(
        "headgate.cli.status:status", "Say on one screen whether routing pays and the budget holds."
    ),
    "watch": Entry("headgate.cli.watch:watch", "Show the status live, until Ctrl-C."),
    "escalation": Entry(
        "headgate.cli.escalation:escalation",
        "Show, pin and release what the watch does to routing.",
    ),
    "alerts": Entry(
        "headgate.cli.alerts:alerts", "Try the ways that alerts take, and see what was told."
    ),
    "ledger": Entry(
        "headgate.cli.ledger:ledger",
        "Look into the ledger, export it, prune it, check it, hold it against an invoice.",
    ),
    "reprice": Entry(
        "headgate.cli.reprice:reprice_command",
        "Derive the ledger's money again from its tokens, at today's knowledge of prices.",
    ),
    "metrics": Entry(
        "headgate.cli.metrics:metrics",
        "List the metrics, or print the dashboard and the alert rules made for them.",
    ),
    "sample": Entry(
        "headgate.cli.sample:sample", "Describe a sample of traffic: volume, tokens, cost, habits."
    ),
    "label": Entry(
        "headgate.cli.label:label",
        "Have a random part of a sample answered by both tiers and judged.",
    ),
    "estimate": Entry(
        "headgate.cli.estimate:estimate", "Say from graded requests whether routing will pay."
    ),
    "train": Entry("headgate.cli.train:train", "Make a router from graded rows."),
    "evaluate": Entry(
        "headgate.cli.evaluate:evaluate", "Measure a router on rows it has not seen."
    ),
    "certify": Entry(
        "headgate.cli.certify:certify", "Choose the threshold that keeps a promise, with its proof."
    ),
    "replay": Entry(
        "headgate.cli.replay:replay",
        "Say what policies would have cost and reached on graded requests.",
    ),
    "inspect": Entry("headgate.cli.inspect:inspect", "Show what a router file holds."),
    "explain": Entry("headgate.cli.inspect:explain", "Name the features that decide on a prompt."),
    "ui": Entry(
        "headgate.cli.ui:ui",
        "Show the pages in a browser: the calculator, and what the ledger says.",
    ),
    "mcp": Entry(
        "headgate.cli.mcp:mcp_command",
        "Let an agent ask what routing would cost, and whether it still pays.",
    ),
    "demo": Entry(
        "headgate.cli.demo:demo", "Run the whole loop on this machine: plan, traffic, bill."
    ),
}
"""All commands, in the order that help lists them; a module is imported when it is called."""

HEADINGS = {
    "plan": "Plan",
    "init": "Set up and route",
    "report": "Watch",
    "sample": "Measure and train",
    "ui": "Look around",
}
"""First command of each group -> the group's heading in the help."""

_WIDEST = max(map(len, COMMANDS))  # the lines of help begin at one column in all groups


class LazyGroup(Group):
    """A group that imports a command's module only when it is needed: `plan` starts in no time."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All command names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one command; None where the name is unknown."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].target.split(":")
        command = getattr(_imported(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - a slip in the table above
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands by groups, with their help from the table, importing none."""
        groups: dict[str, list[tuple[str, str]]] = {}
        heading = "Commands"
        for name, entry in COMMANDS.items():
            heading = HEADINGS.get(name, heading)
            groups.setdefault(heading, []).append((f"{name:<{_WIDEST}}", entry.help))
        for heading, rows in groups.items():
            with formatter.section(heading):
                formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a command's name from the table, importing none."""
        from click.shell_completion import CompletionItem  # a shell asks for it, nobody else

        names = [
            CompletionItem(name, help=entry.help)
            for name, entry in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)


def _imported(name: str) -> ModuleType:
    """The module of that name; while it is loaded nobody looks for cyclic garbage.

    All that a module makes stays, so looks find nothing, and neither do later ones: it is left out
    of them. For `serve` they are a tenth of the time to its first answer.
    """
    if name in sys.modules:
        return sys.modules[name]
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        gc.freeze()
        gc.enable()


EXIT_CODES = (
    "Exit codes: 0 fine, 1 the answer is no, 2 wrong use, or a fault in the settings or a file, "
    "70 a defect of Headgate, 130 interrupted. `headgate COMMAND --help` says more of each; most "
    "print JSON with --json."
)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXIT_CODES,
)
@click.version_option(__version__, prog_name="headgate")
def cli() -> None:
    """Route LLM requests to a cheap or a premium model, and prove what that saves.

    \b
    Begin with
      headgate demo   the whole loop on this machine; needs no key
      headgate plan   what routing would save, and where that stops
      headgate init   a headgate.toml, for providers of your own
    """


def main(args: list[str] | None = None, command: click.Command = cli) -> NoReturn:
    """Run the command line, or one command that is not in the table, and end the process.

    Exit codes: 0 fine, 1 the answer is no, 2 wrong use or a fault in the settings, 70 a defect of
    Headgate, 130 interrupted. A command returns its own code, or nothing for 0.
    """
    if sys.stdout is None:  # a shell's `>&-`: nobody wants to hear, and no file may be number 1
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - to the end
    try:
        code = _run(args, command)
        sys.stdout.flush()
    except (click.exceptions.Abort, KeyboardInterrupt):
        code = EXIT_INTERRUPTED
    except click.ClickException as error:
        _told(error, args).show()
        code = EXIT_WRONG_USE
    except HeadgateError as error:
        click.echo(f"headgate: {error}", err=True)
        code = EXIT_DEFECT if isinstance(error, InternalError) else error.exit_code
    except BrokenPipeError:  # `headgate plan | head -1`: the reader has seen enough
        _leave_stdout()
        code = 0
    except OSError as error:
        if error.errno in NO_WAY and isinstance(error.filename, str | os.PathLike):
            name = os.fspath(error.filename)
            shown = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"
            click.echo(
                f"headgate: {shown} cannot be used: {error.strerror}. Look at its name and its "
                "rights, and at those of the directories above it.",
                err=True,
            )
            code = EXIT_WRONG_USE
        elif error.errno not in NO_ROOM:
            code = _defect(error)
        else:
            where = (
                f"{error.filename} cannot be written" if error.filename else "Not all was written"
            )
            click.echo(
                f"headgate: {where}: {error.strerror}. Make room, and run it again.", err=True
            )
            _leave_stdout()
            code = EXIT_WRONG_USE
    except Exception as error:  # noqa: BLE001 - the last resort: a defect becomes a sentence
        code = _defect(error)
    sys.exit(code)


def _leave_stdout() -> None:
    """What is still buffered must not be written where nothing can be when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _told(error: click.ClickException, args: list[str] | None) -> click.ClickException:
    """The error; with what to write instead, where that can be guessed."""
    if not isinstance(error, click.UsageError):
        return error
    from headgate.cli.meant import advice  # needed for a slip only

    more = advice(error, sys.argv[1:] if args is None else args)
    return click.UsageError(f"{error.message.rstrip('.')}. {more}", error.ctx) if more else error


def _run(args: list[str] | None, command: click.Command) -> int:
    # https://no-color.org: any value that is not empty turns colour off
    color: dict[str, Any] = {"color": False} if os.environ.get("NO_COLOR") else {}
    stdout = sys.stdout
    try:
        code = command.main(args=args, prog_name="headgate", standalone_mode=False, **color)
    except SystemExit:
        # click ends the process for a closed pipe too, with a 1 that would read as an answer "no";
        # it has put another stdout in place then
        if sys.stdout is stdout:
            raise
        return 0
    return code if isinstance(code, int) else 0


def _defect(error: Exception) -> int:
    if os.environ.get("HEADGATE_DEBUG"):
        traceback.print_exception(error)
    else:
        click.echo(f"headgate: {defect(error)}", err=True)
    return EXIT_DEFECT


def defect(error: Exception) -> str:
    """Whose fault it is and where, in a sentence; not the message, which may hold a secret."""
    house = Path(__file__).parents[1]
    ours = [
        f" in {Path(frame.filename).relative_to(house)}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(house)
    ]
    place = ours[-1] if ours else ""
    return (
        f"a defect of Headgate, not of yours: {type(error).__name__}{place}. "
        "Run it again with HEADGATE_DEBUG=1 to see the traceback, and please report it."
    )
