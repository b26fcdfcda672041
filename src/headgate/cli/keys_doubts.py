"""What a key's limits name and the settings do not have: most often a slip of the pen."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from headgate.access.limits import Limits
from headgate.settings import Settings
from headgate.settings.draft import did_you_mean

__all__ = ["doubts"]


def doubts(limits: Limits, settings: Settings) -> Iterator[str]:
    """A sentence for each name that nothing in the settings answers to, with what to do.

    The settings may change after the key, so that these are warnings and no errors.
    """
    tiers = [tier.name for tier in settings.tiers]
    for name in limits.tiers:
        if name not in tiers:
            yield (
                f"There is no tier {name!r}. {did_you_mean(name, tiers)}"
                f"The tiers are {', '.join(tiers)}."
            )
    providers = [provider.name for provider in settings.providers]
    for pattern in limits.models:
        provider, slash, _ = pattern.partition("/")
        head, star, _ = pattern.partition("*")
        if not slash and not (star and any(name.startswith(head) for name in providers)):
            yield (
                f"No model is called {pattern!r}. "
                f"Write provider/model, such as {settings.tiers[0].model}."
            )
        elif slash and not any(fnmatchcase(name, provider) for name in providers):
            yield (
                f"There is no provider {provider!r} for {pattern!r}. "
                f"{did_you_mean(provider, providers)}The providers are {', '.join(providers)}."
            )
    for name in limits.policies:
        if name in {policy.name for policy in settings.policies}:
            yield f"Callers ask for the policy {name!r} as 'auto:{name}'. Name it so here too."
