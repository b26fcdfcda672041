"""Length: what is read as a length of time, and what a wrong guess is told."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner, Result

from headgate.cli.length import Length


def run(text: str) -> Result:
    @click.command()
    @click.option("--every", type=Length(0.1, 90 * 86400.0), default="5s")
    def command(every: float) -> None:
        click.echo(f"{every:g}")

    return CliRunner().invoke(command, ["--every", text])


@pytest.mark.parametrize(
    ("text", "found"),
    [("0.1s", "0.1"), ("90s", "90"), ("1.5h", "5400"), ("90d", "7.776e+06"), (" 250ms ", "0.25")],
)
def test_a_length_is_seconds_and_both_ends_are_in(text, found):
    assert run(text).stdout.strip() == found


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("soon", "is not a length of time: write it as 5s, 12h or 90d"),
        ("", "is not a length of time"),
        ("5", "is not a length of time"),
        ("-5s", "is not a length of time"),
        ("nan", "is not a length of time"),
        ("99ms", "is too short: give 0.1s or more"),
        ("91d", "is too long: give 90d or less"),
    ],
)
def test_a_wrong_guess_is_exit_code_2_and_says_what_to_write(text, what):
    result = run(text)
    assert result.exit_code == 2
    assert what in result.output
