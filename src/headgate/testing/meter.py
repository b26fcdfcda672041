"""How a simulated provider counts: the tokens of a call, its prompt cache, the tally of calls."""

from __future__ import annotations

from collections import Counter
from typing import TypeAlias

import msgspec

from headgate.testing.brain import Answer, Prompt, tokens
from headgate.values import Usage

__all__ = ["Calls", "ModelTally", "PromptCache", "Tally", "TallyReport", "cut", "spent"]

Calls: TypeAlias = dict[str, list[tuple[Usage, int]]]
"""What `GET /_calls` says: by model, the tokens of a billed call and how many cost just these.

Prices may depend on the length of a call, and are rounded call by call: totals cannot be priced."""


class PromptCache:
    """Which prefixes each model has seen; nothing expires, so that runs can be repeated."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str]] = set()

    def split(self, prompt: Prompt) -> Usage:
        """The input tokens of a request with breakpoints: read, written, and neither.

        The longest prefix seen before is read; what lies between it and the last breakpoint is
        written. Every prefix counts as seen from then on.
        """
        read = max(
            (tokens(p.text) for p in prompt.prefixes if (prompt.model, p.text) in self._seen),
            default=0,
        )
        written = {"5m": 0, "1h": 0}
        reached = read
        for prefix in prompt.prefixes:
            length = tokens(prefix.text)
            written[prefix.ttl] += max(0, length - reached)
            reached = max(reached, length)
            self._seen.add((prompt.model, prefix.text))
        return Usage(
            input=prompt.input_tokens - reached,
            cache_read=read,
            cache_write_5m=written["5m"],
            cache_write_1h=written["1h"],
        )


def cut(prompt: Prompt, answer: Answer) -> tuple[Answer, bool]:
    """The answer as far as `max_tokens` allows, and whether something was cut off."""
    limit = prompt.max_tokens
    if limit is None or _written(answer) <= limit:
        return answer, False
    if answer.output_tokens is not None:
        return msgspec.structs.replace(answer, output_tokens=limit), True
    return Answer(
        text=answer.text[: 4 * limit],
        input_tokens=answer.input_tokens,
        output_tokens=limit,
        cached_tokens=answer.cached_tokens,
        service_tier=answer.service_tier,
    ), True


def _written(answer: Answer) -> int:
    if answer.output_tokens is not None:
        return answer.output_tokens
    calls = sum(tokens(use.name + use.arguments) for use in answer.tools)
    return max(1, tokens(answer.text) + calls)


def spent(prompt: Prompt, answer: Answer, cache: PromptCache) -> Usage:
    """The tokens a call is billed for, and in which service tier; the kinds do not overlap.

    Counts that the brain states win over the rule; cache breakpoints count only without them.
    """
    output = _written(answer) * prompt.choices
    tier = answer.service_tier or prompt.service_tier
    if answer.input_tokens is None and not answer.cached_tokens:
        return msgspec.structs.replace(cache.split(prompt), output=output, service_tier=tier)
    total = prompt.input_tokens if answer.input_tokens is None else answer.input_tokens
    cached = min(answer.cached_tokens, total)
    return Usage(input=total - cached, cache_read=cached, output=output, service_tier=tier)


class ModelTally(msgspec.Struct, frozen=True):
    """Calls of one model and their tokens."""

    calls: int = 0
    usage: Usage = Usage()


class TallyReport(msgspec.Struct, frozen=True):
    """What `GET /_tally` says. Tokens only: prices are the other side's business."""

    billed: dict[str, ModelTally]
    """By model: calls answered to the end, also where nobody was left to read the answer."""
    broken: dict[str, ModelTally]
    """By model: streams that ended early, with the input and what had been sent until then."""
    faults: dict[str, int]
    """By kind: failures injected on purpose, `empty` ones (billed as well) included."""
    rejected: dict[str, int]
    """By status: requests that broke the provider's rules."""


class Tally:
    """The provider's own books."""

    def __init__(self) -> None:
        self._billed: dict[str, Counter[Usage]] = {}
        self._broken: dict[str, ModelTally] = {}
        self._faults: Counter[str] = Counter()
        self._rejected: Counter[str] = Counter()

    def bill(self, model: str, usage: Usage) -> None:
        """Count a call that was answered to the end."""
        self._billed.setdefault(model, Counter())[usage] += 1

    def broke(self, model: str, usage: Usage) -> None:
        """Count a call whose answer broke off."""
        self._broken[model] = _plus(self._broken.get(model), usage)

    def fault(self, kind: str) -> None:
        """Count a failure injected on purpose."""
        self._faults[kind] += 1

    def reject(self, status: int) -> None:
        """Count a request that broke the rules."""
        self._rejected[str(status)] += 1

    def report(self) -> TallyReport:
        """The totals so far."""
        billed = {model: _total(counted) for model, counted in self._billed.items()}
        return TallyReport(billed, dict(self._broken), dict(self._faults), dict(self._rejected))

    def calls(self) -> Calls:
        """The billed calls one by one, equal ones counted."""
        return {model: list(counted.items()) for model, counted in self._billed.items()}


def _total(counted: Counter[Usage]) -> ModelTally:
    total = Usage()
    for usage, count in counted.items():
        total += Usage(*(count * kind for kind in msgspec.structs.astuple(usage)[:-1]))
    return ModelTally(counted.total(), total)


def _plus(before: ModelTally | None, usage: Usage) -> ModelTally:
    before = before or ModelTally()
    return ModelTally(before.calls + 1, before.usage + usage)
