"""A graded row: one request, and how well the cheap and the premium model answered it."""

from __future__ import annotations

import msgspec

from headgate.routing.draft import Draft

__all__ = ["GradedRow"]


class GradedRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One request as it came, with the score of both answers and what each cost.

    Scores run from 0 (useless) to 1 (as good as can be); a grade of right or wrong is 1.0 or 0.0.
    What is not known keeps its default: an empty text, None for a cost or a time, 0 for `tokens`.
    """

    id: str = ""
    prompt: str
    """What is asked: the text of the last user turn."""
    system: str = ""
    """The system prompt."""
    category: str = ""
    """A kind of task as given by the owner of the traffic, known before the answer."""
    route: str = ""
    """Where in the product the request came from: a path, a feature, a key's name."""
    conversation: str = ""
    """Requests of one conversation are never split between training and testing."""
    time: float | None = None
    """Seconds since 1970."""
    tokens: int = 0
    """Input tokens of the whole request."""
    turns: int = 1
    tools: int = 0
    images: int = 0
    json_schema: bool = False
    draft: Draft | None = None
    """What the cheap answer looked like; only a verifier may see it."""
    cheap: float
    premium: float
    cheap_nano: int | None = None
    """What the cheap answer cost, in nano-USD."""
    premium_nano: int | None = None
