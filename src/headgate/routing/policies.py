"""All policies of a gateway: which one a request is under, and what else a caller may name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

import msgspec

from headgate.errors import UnknownModelError
from headgate.routing.guard import NOTHING, Guard
from headgate.routing.policy import AUTO, Decision, Policy
from headgate.routing.rules import Condition
from headgate.routing.tier import PINNED, Tier
from headgate.values import Ask, ModelRef

__all__ = ["NOWHERE", "Origin", "Policies", "Route", "not_served"]


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Where a request came in: the path, and the virtual key it was sent with, if any."""

    path: str = ""
    key: str | None = None
    team: str | None = None
    barred: Mapping[str, str] = NOTHING
    """The tiers that are not open to the key: name -> `key`."""


NOWHERE = Origin()


class Route(msgspec.Struct, frozen=True):
    """Leads requests on which every condition holds to a policy; None is no condition.

    `model` is what the caller asks for, `*` standing for anything. Without it a route holds for
    requests for `auto` alone: who names a policy, a tier or a model has chosen.
    """

    policy: Policy
    path: str | None = None
    model: str | None = None
    header: Condition | None = None
    key: str | None = None

    def holds(self, ask: Ask, origin: Origin) -> bool:
        """Whether a request takes this route."""
        wanted = AUTO if self.model is None else self.model
        return (
            (ask.model == wanted or ("*" in wanted and fnmatchcase(ask.model, wanted)))
            and (self.path is None or self.path == origin.path)
            and (self.key is None or self.key == origin.key)
            and (self.header is None or self.header(ask))
        )


class Policies:
    """Tells routed requests from pinned ones, and hands each routed one to its policy.

    Args:
        tiers: from cheapest to premium, at least one.
        policies: the first is what `auto` means; each further one is `auto:NAME`.
        routes: tried in order; the first that holds says which policy it is.
        aliases: further names that callers may use for the first policy, such as `auto:careful`.
        providers: names of the providers whose models callers may pin as `provider/model`.
    """

    def __init__(
        self,
        tiers: Sequence[Tier],
        policies: Sequence[Policy],
        *,
        routes: Sequence[Route] = (),
        aliases: Sequence[str] = (),
        providers: Sequence[str] = (),
    ) -> None:
        self.tiers = tuple(tiers)
        self.models = tuple(tier.model for tier in self.tiers)
        """The tiers' models, from cheapest to premium."""
        self.premium = self.tiers[-1]
        self.policies = tuple(policies)
        self.guard = Guard(tiers)
        self._routes = tuple(routes)
        main, *named = policies
        self._by_name: Mapping[str, Tier] = {tier.name: tier for tier in tiers}
        self._by_alias: dict[str, Policy] = dict.fromkeys((AUTO, *aliases), main)
        self._by_alias |= {f"{AUTO}:{policy.name}": policy for policy in named}
        self._providers = frozenset(providers)
        self._pins: dict[str, Tier] = dict(self._by_name)
        for tier in reversed(self.tiers):  # the cheapest of several tiers on one model wins
            self._pins[str(tier.model)] = tier
            self._pins.setdefault(tier.model.model, tier)

    @property
    def all(self) -> tuple[Policy, ...]:
        """Every policy that a request can be under."""
        return tuple(dict.fromkeys((*self.policies, *(route.policy for route in self._routes))))

    @property
    def names(self) -> tuple[str, ...]:
        """What a caller may ask for: `auto`, aliases, tiers and the tiers' models."""
        models = dict.fromkeys(str(tier.model) for tier in self.tiers)
        routed = (route.model for route in self._routes if route.model and "*" not in route.model)
        names = (*sorted(self._by_alias), *self._by_name, *models, *routed)
        return tuple(dict.fromkeys(names))

    def tier(self, name: str) -> Tier:
        """The tier of that name. Raises KeyError where there is none."""
        return self._by_name[name]

    def policy(self, ask: Ask, origin: Origin = NOWHERE) -> Policy | None:
        """The policy that a request is under; None where the caller pins a tier or a model."""
        for route in self._routes:
            if route.holds(ask, origin):
                return route.policy
        return self._by_alias.get(ask.model)

    def pinned(self, name: str) -> Decision:
        """The tier that a caller chose by its name or by its model.

        Raises:
            UnknownModelError: this gateway does not serve it.
        """
        tier = self._pins.get(name)
        if tier is None:
            tier = self._outside(name)
        return Decision(tier, "pinned", routed=False)

    def _outside(self, name: str) -> Tier:
        """A model of a configured provider that no tier uses: called as asked, never routed."""
        provider, slash, model = name.partition("/")
        if (
            slash
            and model
            and provider in self._providers
            and model.isprintable()
            and " " not in model
        ):
            return Tier(name=PINNED, model=ModelRef(provider, model), fallback=False)
        raise not_served(name, self.names)


def not_served(name: str, names: Sequence[str]) -> UnknownModelError:
    """What somebody is told who asks for a model that is none of `names`, with the likeliest."""
    near = difflib.get_close_matches(name, names, n=3)
    known = ", ".join(f"`{known}`" for known in (near or names))
    fix = f"Did you mean {known}?" if near else f"Ask for one of {known}."
    return UnknownModelError(
        f"The model `{name[:100]}` is not served here.",
        fix=fix if known else "No model is open to this API key.",
    )
