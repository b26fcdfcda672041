"""Who may see the pages: a login by the admin token, kept in a signed cookie.

The cookie holds no secret and needs no memory on the server: it is a moment of expiry and a random
part, signed by a key that is made of the admin token. A new token ends every session.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

__all__ = ["COOKIE", "LASTS_SECONDS", "Doorkeeper"]

COOKIE = "headgate_session"
LASTS_SECONDS = 12 * 3600


class Doorkeeper:
    """Makes sessions and checks them; pure: the time and chance are passed in.

    Args:
        token: the admin token.
    """

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        self._key = hmac.digest(self._token, b"headgate pages, sessions, 1", sha256)

    def fits(self, token: str) -> bool:
        """Whether that is the admin token; the time does not tell how much of a wrong one is."""
        return hmac.compare_digest(token.strip().encode("utf-8", "surrogatepass"), self._token)

    def session(self, now: int, chance: str) -> str:
        """A session that begins now.

        Args:
            now: seconds since 1970.
            chance: random letters of URL-safe Base64, 22 or more.
        """
        head = f"{now + LASTS_SECONDS}.{chance}"
        return f"{head}.{self._signed(head)}"

    def holds(self, session: str, now: int) -> bool:
        """Whether a session was made here, is whole, and has not ended."""
        head, _, signature = session.rpartition(".")
        until, _, chance = head.partition(".")
        if not chance or not until.isascii() or not until.isdigit() or len(until) > 12:
            return False
        whole = hmac.compare_digest(
            signature.encode("utf-8", "surrogatepass"), self._signed(head).encode()
        )
        return whole and now < int(until) <= now + LASTS_SECONDS

    def csrf(self, session: str) -> str:
        """What the forms of a session carry, so that no other site can send them."""
        return self._signed(f"form {session}")

    @staticmethod
    def matches(given: str, expected: str) -> bool:
        """Whether a form carries what it must; the time does not tell how much of it is right."""
        return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())

    def _signed(self, text: str) -> str:
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), sha256).hex()
