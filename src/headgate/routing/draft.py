"""A cheap answer as a verifier sees it before it is served or thrown away."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

__all__ = ["Draft", "size"]


class Draft(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is known of a cheap answer; None is not known. It never holds the answer itself."""

    chars: int | None = None
    """Length of its text."""
    agreement: float | None = None
    """How far a second cheap model's answer agrees with it, 0 to 1."""
    logprob: float | None = None
    """Mean natural logarithm of its tokens' probabilities, 0 or less."""
    failed: tuple[str, ...] = ()
    """Names of the checks that it failed, such as `refusal` or `schema`."""

    def traits(self, category: str) -> Iterator[str]:
        """Its shape as names: length in half powers of two, shares in eighths and twentieths.

        What length is suspicious depends on the kind of task, hence the pair with the category.
        """
        if self.chars is not None:
            yield f"draft chars~{size(self.chars)}"
            yield f"draft chars~{size(self.chars)} in {category}"
        if self.agreement is not None:
            yield f"draft agreement~{round(8 * self.agreement)}"
        if self.logprob is not None:
            yield f"draft probability~{int(20 * math.exp(min(0.0, self.logprob)))}"
        for name in self.failed:
            yield f"draft failed={name}"


def size(count: int) -> int:
    """The length in bits of the square: 0, 1, 3, 4, 5, ... a step for each half power of two."""
    return (count * count).bit_length()
