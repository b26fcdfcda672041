"""The settings of `[ledger]`: where every attempt is written down."""

from __future__ import annotations

from headgate.settings import schema
from headgate.settings.durations import DAY
from headgate.settings.fields.section import Field, Section
from headgate.settings.kinds import LEDGER_URL, VARIABLE, Choice, Duration, Flag, Text, Whole

__all__ = ["LEDGER"]

LEDGER = Section(
    "ledger",
    "Where every attempt is written down.",
    schema.LedgerSettings,
    (
        Field("url", LEDGER_URL, "The database; a relative path begins where `serve` starts."),
        Field(
            "password_env",
            VARIABLE,
            "The environment variable that holds the password of a PostgreSQL database.",
            otherwise="PGPASSWORD or the user's `.pgpass`, if a password is asked for",
            example='"HEADGATE_DB_PASSWORD"',
        ),
        Field(
            "journal",
            Text(500),
            "Directory of the journal, on a local disk; a relative path begins where `serve` "
            "starts.",
            otherwise="`NAME.journal` beside the file, `headgate.journal` for PostgreSQL",
            example='"/var/lib/headgate/journal"',
        ),
        Field(
            "spool_bytes",
            Whole(1 << 20, 1 << 40),
            "Most bytes that may wait in the journal of a process while the database is away.",
        ),
        Field(
            "store_prompts",
            Flag(),
            "Keep what callers ask and are answered, and show it on the request's page.",
        ),
        Field(
            "keep_prompts",
            Duration(60.0, 3650 * DAY),
            "How long stored prompts are kept; then they are deleted, and their rows stay.",
        ),
        Field(
            "prompt_bytes",
            Whole(1024, 300_000),
            "Most bytes that are kept of a request, and of an answer; the rest is cut.",
        ),
        Field(
            "on_failure",
            Choice("open", "closed"),
            "While rows cannot be made safe: serve all the same, or refuse with 503.",
        ),
    ),
)
