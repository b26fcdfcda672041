"""The secret that a request carries, and whether it is the right one."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence

__all__ = ["carries", "presented"]


def presented(headers: Mapping[str, str]) -> Sequence[str]:
    """The secrets in a request's headers: each vendor's SDKs send another kind.

    Args:
        headers: names in lower case.
    """
    found = []
    if authorization := headers.get("authorization"):
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() == "bearer" and (given := given.strip()):
            found.append(given)
    if (other := headers.get("x-api-key")) and (other := other.strip()):
        found.append(other)
    if (other := headers.get("api-key")) and (other := other.strip()):
        found.append(other)
    return found


def carries(headers: Mapping[str, str], expected: bytes) -> bool:
    """Whether one of the secrets in the headers is the expected one.

    The time does not tell how much of a wrong one is right. An empty expectation fits nothing: a
    secret that was never set opens no door.
    """
    fits = False
    for given in presented(headers):
        fits |= hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected)
    return fits and bool(expected)
