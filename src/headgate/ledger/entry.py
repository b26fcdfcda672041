"""One row of the ledger: one attempt at one upstream, with its tokens, times and money."""

from __future__ import annotations

from typing import Literal

import msgspec

from headgate.values import Usage

__all__ = ["Entry", "Purpose", "UsageSource"]

Purpose = Literal["classifier", "answer", "embedding", "passed", "verifier", "judge", "shadow"]
UsageSource = Literal["measured", "estimated", "none"]


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An attempt; all attempts of one client request share `request_id`.

    The key is (`request_id`, `attempt`): writing the same entry twice leaves one row. Times are
    integers of microseconds, money integers of nano-dollars. `cost_nano` is None, and counted as
    unpriced, where no price is known; it is never 0 for that reason.

    Encoded it is an array of its values: a journal's segment holds them in this order. So a new
    field comes last and has a default.
    """

    request_id: str
    attempt: int
    """0, 1, 2, … in the order sent, over all purposes of the request."""
    at_us: int
    """When the attempt was sent, microseconds since 1970."""
    purpose: Purpose
    dialect_in: str
    dialect_out: str
    route: str
    """The path the request came in by, such as `/v1/chat/completions`."""
    asked: str
    """The model as the caller spelled it: `auto`, a tier, `provider/model`."""
    routed: bool
    """Headgate chose the tier (the caller did not pin one)."""
    tier: str
    """The tier called; `classifier` for a classifier call, `pinned` for a model outside tiers."""
    premium: bool
    """The tier is the premium one: a served answer from it is an escalation."""
    provider: str
    model_asked: str
    reason: str
    """Why this tier: `classifier`, `rule:NAME`, `router`, `default`, `pinned`, …"""
    cause: str
    """Why this attempt: `first`, `retry`, `fallback`, …; `shadow` for a judge's call that compares
    a shadow, so that its bill is the watch's and not the answer's."""
    served: bool
    """The caller got this attempt's answer, whole or in part."""
    total_us: int
    model_answered: str | None = None
    score: float | None = None
    status: int | None = None
    """HTTP status of the upstream; None where none arrived."""
    error: str | None = None
    """Kind of failure, None for a success: `connect`, `timeout`, `reset`, `status`, `unusable`,
    `overloaded` for a want of open files of ours, …; `rejected` for a draft that a check turned
    down."""
    streamed: bool = False
    aborted: bool = False
    """The caller left, or the upstream broke off, before the end."""
    usage: Usage = Usage()
    usage_source: UsageSource = "none"
    card: str | None = None
    """Id of the price card that `cost_nano` was computed with."""
    cost_nano: int | None = None
    premium_nano: int | None = None
    """The same tokens priced on the premium tier's model: the all-premium baseline."""
    first_token_us: int | None = None
    queue_us: int | None = None
    """From the request's arrival to the sending of this attempt: all that came before it."""
    key: str | None = None
    """Id of the virtual key that the caller sent; never the key itself."""
    team: str | None = None
    """The team that the key belongs to."""
    policy: str = ""
    """Name of the policy that decided; empty where the caller pinned a tier or a model."""
    router: str | None = None
    """Version of the learned router that scored the request."""
    category: str | None = None
    """The caller's `x-headgate-category`."""
    trace: str | None = None
    """What led here, as JSON text: alternatives ruled out, checks of a draft, session, costs."""
    session: str | None = None
    tags: str | None = None
    """The caller's `x-headgate-tags` as JSON text."""
    config: str = ""
    """Fingerprint of the configuration that decided."""
    answer_id: str | None = None
    """What the provider has stored the answer under; None where it has stored none."""
