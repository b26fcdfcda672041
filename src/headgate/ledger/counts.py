"""What has become of the entries, and of the prompts, since a process opened its ledger."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Counts", "PromptCounts"]


class Counts(NamedTuple):
    """What has become of the entries, since this process opened the ledger."""

    recorded: int
    """Entries given to `record`."""
    written: int
    """Of these, in the store."""
    pending: int
    """Of these, in the journal or in memory, still to be stored."""
    lost: int
    """Of these, given up: they cannot be encoded or stored, or no room was left for them."""
    failed: int
    """Times that the journal or the store failed."""
    recovered: int
    """Entries of dead processes that were stored."""
    damaged: int
    """Unreadable stretches (torn records) found in segments of dead processes, and set aside."""


class PromptCounts(NamedTuple):
    """What has become of the prompts, since this process opened the ledger."""

    taken: int
    """Given to `keep`, and written down."""
    dropped: int
    """Given up: no room was left for them beside the entries, or they cannot be written down, or
    stored by this process."""
