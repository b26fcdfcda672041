"""The site: finds the page for a path, asks who is there, and sends what a browser may do with it.

It answers through the same seam as the gateway, so it is served beside it or alone. Pages are plain
functions and run in a thread: a slow store delays no other page.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from headgate.access.token import carries
from headgate.errors import ConfigError, HeadgateError
from headgate.web.session import COOKIE, LASTS_SECONDS, Doorkeeper
from headgate.web.templates import Templates, static_files
from headgate.web.visit import Answer, Visit, query_of, redirect, values_of

if TYPE_CHECKING:
    from headgate.gateway.caller import Caller

__all__ = ["POLICY", "Page", "Place", "Site"]

log = logging.getLogger("headgate.web")

LARGEST_FORM = 64 * 1024
AT_ONCE = 4
"""Pages that are made at the same time; further visitors wait."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_SAFE = (
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    # with "no-referrer" browsers send `Origin: null` with the site's own forms
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
)
_LOCAL = {"localhost", "127.0.0.1", "[::1]"}

Page = Callable[[Visit], Answer]


class Place(NamedTuple):
    """Where a page is, and how it is asked."""

    page: Page
    methods: tuple[str, ...] = ("GET",)
    title: str = ""
    """In the navigation; empty: not there."""


class Site:
    """Answers requests for pages; the `Handler` of a server.

    Args:
        make: builds the pages by path, given the templates. A path that ends with a slash answers
            for all below it.
        token: the admin token that a visitor must give; None lets everyone in who asks this
            machine by a local name.
        now: seconds since 1970.
        chance: makes random letters for a session.
    """

    def __init__(
        self,
        make: Callable[[Templates], Mapping[str, Place]],
        *,
        token: str | None,
        now: Callable[[], float],
        chance: Callable[[], str],
    ) -> None:
        self._static = static_files()
        self.templates = Templates(self._static)
        self.places: Mapping[str, Place] = {}
        self.adopt(make)
        self._doorkeeper = None if token is None else Doorkeeper(token)
        self._token = b"" if token is None else token.encode()
        self._now = now
        self._chance = chance
        self._turns = asyncio.Semaphore(AT_ONCE)

    def adopt(self, make: Callable[[Templates], Mapping[str, Place]]) -> None:
        """Show other pages from the next request on; one that is being made is finished."""
        places = dict(make(self.templates))
        self.templates.show(
            tuple((path, place.title) for path, place in places.items() if place.title)
        )
        self.places = places

    async def __call__(self, caller: Caller) -> None:
        """Answer one request."""
        try:
            answer = await self._answered(caller)
        except ConfigError as error:  # of the question or of the settings: the page says which
            told = [error.fix or "", *(f"{fault.message} {fault.fix}" for fault in error.faults)]
            answer = self._problem(422, error.message, "\n".join(filter(None, told)))
        except HeadgateError as error:
            answer = self._problem(error.status, error.message, error.fix or "")
        except ConnectionError:
            raise  # the visitor has gone: nobody is left to tell
        except Exception:
            log.exception("a defect in headgate, please report it: page %s", caller.path[:200])
            answer = self._problem(500, "Headgate failed inside.", "The log says more.")
        headers = [("content-type", answer.type), *_SAFE, *answer.headers]
        if not any(name == "cache-control" for name, _ in answer.headers):
            headers.append(("cache-control", "no-store"))
        caller.respond(answer.status, headers, answer.body)

    async def _answered(self, caller: Caller) -> Answer:
        refused = self._misled(caller)
        if refused is not None or caller.path.startswith("/static/"):
            return refused or self._file(caller.path.removeprefix("/static/"))
        visit = await self._visit(caller)
        at_door = None if self._doorkeeper is None else self._door(visit, self._doorkeeper)
        if at_door is not None:
            return at_door
        place = self._place(visit.path)
        if place is None:
            return self._problem(
                404, "There is no such page.", "The navigation names all there are."
            )
        method = "GET" if visit.method == "HEAD" else visit.method
        if method not in place.methods:
            return self._problem(405, "This page is not asked that way.", "")
        async with self._turns:
            return await asyncio.to_thread(place.page, visit)

    def _door(self, visit: Visit, doorkeeper: Doorkeeper) -> Answer | None:
        """What a visitor gets before any page: login, logout, a refusal; None: come in."""
        if visit.path == "/login":
            return self._log_in(visit, doorkeeper)
        if not visit.signed_in:
            # a program sends the token in a header, and has no cookie that a site could abuse
            return None if carries(visit.headers, self._token) else self._shown_the_door(visit)
        if visit.method == "POST" and not doorkeeper.matches(
            visit.form.get("csrf", ""), visit.csrf
        ):
            return self._problem(403, "This form is not of your session.", "Load the page again.")
        if visit.path == "/logout":
            return redirect("/login", ("set-cookie", _cookie("", 0)))
        return None

    def _place(self, path: str) -> Place | None:
        found = self.places.get(path)
        end = len(path)
        while found is None and (end := path.rfind("/", 0, end)) > 0:
            found = self.places.get(path[: end + 1])
        return found

    async def _visit(self, caller: Caller) -> Visit:
        form: dict[str, str] = {}
        if caller.method == "POST":
            body = await caller.body(LARGEST_FORM)
            form = values_of(body.decode("utf-8", "replace"))
        visit = Visit(
            method=caller.method,
            path=caller.path.rstrip("/") or "/",
            query=values_of(caller.query),
            form=form,
            headers=caller.headers,
        )
        if self._doorkeeper is None:
            return visit
        session = visit.cookies.get(COOKIE, "")
        if not self._doorkeeper.holds(session, int(self._now())):
            return visit
        return _signed_in(visit, self._doorkeeper.csrf(session))

    # ---- who is there

    def _misled(self, caller: Caller) -> Answer | None:
        """Refuse what another site has sent a browser to do, and names that are not this machine's.

        Without a login any site could point a name of its own at this address and read the pages;
        and no form of another site may act here (Fetch Metadata, and Origin where a browser is
        too old for it).
        """
        host = caller.headers.get("host", "")
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        if self._doorkeeper is None and name.lower() not in _LOCAL:
            return self._problem(
                421, "These pages answer only to this machine's own name.", "Ask for localhost."
            )
        if caller.method in ("GET", "HEAD"):
            return None
        told = caller.headers.get("sec-fetch-site")
        origin = caller.headers.get("origin")
        same = origin is None or origin.partition("://")[2] == host
        if (told not in (None, "same-origin")) or not same:
            return self._problem(403, "Another site has sent this form.", "Send it from the page.")
        return None

    def _log_in(self, visit: Visit, doorkeeper: Doorkeeper) -> Answer:
        to = visit.form.get("to", visit.query.get("to", "/"))
        if not to.startswith("/") or to.startswith(("//", "/\\")):
            to = "/"  # nobody is sent to another site
        if visit.method != "POST":
            return Answer(self.templates("login.html", title="Log in", to=to, wrong=False))
        if not doorkeeper.fits(visit.form.get("token", "")):
            page = self.templates("login.html", title="Log in", to=to, wrong=True)
            return Answer(page, status=401)
        session = doorkeeper.session(int(self._now()), self._chance())
        return redirect(to, ("set-cookie", _cookie(session, LASTS_SECONDS)))

    def _shown_the_door(self, visit: Visit) -> Answer:
        browses = "text/html" in visit.headers.get("accept", "")
        if visit.method == "GET" and browses and not visit.wants_fragment:
            to = visit.path + query_of(visit.query)
            return redirect("/login" + query_of({"to": to} if to != "/" else {}))
        told = ("www-authenticate", 'Bearer realm="headgate"')
        problem = self._problem(401, "You are not logged in.", "Log in, or send the admin token.")
        return problem._replace(headers=(told,))

    # ---- what needs no page

    def _file(self, name: str) -> Answer:
        static = self._static.get(name)
        if static is None:
            return self._problem(404, "There is no such file.", "")
        lasting = ("cache-control", "public, max-age=31536000, immutable")
        return Answer(static.body, type=static.type, headers=(lasting,))

    def _problem(self, status: int, message: str, fix: str) -> Answer:
        page = self.templates("problem.html", title=message, message=message, fix=fix)
        return Answer(page, status=status)


def _signed_in(visit: Visit, csrf: str) -> Visit:
    return Visit(
        method=visit.method,
        path=visit.path,
        query=visit.query,
        form=visit.form,
        headers=visit.headers,
        csrf=csrf,
        signed_in=True,
    )


def _cookie(value: str, seconds: int) -> str:
    return f"{COOKIE}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Strict"
