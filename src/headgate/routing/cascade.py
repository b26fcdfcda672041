"""What a cascade does with a draft: which checks, who else is asked, and what a failure means."""

from __future__ import annotations

import msgspec

from headgate.routing.checks import Checks
from headgate.routing.tier import Tier
from headgate.routing.verifier import Verifier

__all__ = ["Cascade"]


class Cascade(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a cascade.

    `second` answers the same request beside the draft, which passes from an agreement of
    `min_agreement` (0 to 1) on; `judge` grades the draft, which passes from `min_grade` (1 to 5)
    on. Both are models dressed as tiers, and None leaves them out, as it does the `verifier`.
    `open` says that the draft passes where either fails to answer. `hold` says that streamed
    requests are cascaded too: the draft is held until it has been judged.
    """

    checks: Checks = Checks()
    second: Tier | None = None
    min_agreement: float = 0.5
    verifier: Verifier | None = None
    judge: Tier | None = None
    min_grade: int = 4
    max_chars: int = 8000
    timeout: float = 20.0
    """Seconds for the whole judgement."""
    open: bool = False
    hold: bool = True

    @property
    def logprobs(self) -> bool:
        """Whether the draft's log-probabilities are wanted."""
        return self.checks.min_logprob is not None
