"""Requests: a search of the ledger, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from headgate.errors import ConfigError
from headgate.ledger.columns import COLUMNS, row_of
from headgate.ledger.store import Mark, Search
from headgate.render.table import Column, Table, csv_text
from headgate.web.brief import brief, columns
from headgate.web.ledger_page import LedgerPage
from headgate.web.listing import FIELDS, MOST, OUTCOMES, SIZE, Listed, link, listed, search_of
from headgate.web.observer import Observer
from headgate.web.period import PERIODS, moment_text, period_of
from headgate.web.templates import Templates
from headgate.web.visit import CSV, Answer, Visit, as_json, download, query_of

__all__ = ["Requests"]

USUAL = "7d"


class Requests(LedgerPage):
    """The page at `/requests`, and the same as JSON and CSV.

    Args:
        observer: looks at the ledger.
        templates: how it looks.
        now_us: the time, microseconds since 1970.
        tiers: cheapest first; what gives each its colour.
    """

    def __init__(
        self,
        observer: Observer,
        templates: Templates,
        now_us: Callable[[], int],
        tiers: Sequence[str],
    ) -> None:
        super().__init__(observer, templates, now_us)
        self._tiers = tuple(tiers)

    def show(self, visit: Visit) -> Answer:
        """What fits the search; a search that cannot be read is told, and its fields are kept."""
        problem, page = None, Listed(())
        period = period_of({}, self._now_us(), usual=USUAL)
        search = search_of({**visit.query, "before": "", "after": ""}, period.window)
        try:
            period = self._period(visit, USUAL)
            search = search_of(visit.query, period.window)
            page = self._page(search)
        except ConfigError as error:
            problem = error
        body = self._templates(
            "requests.html",
            title="Requests",
            csrf=visit.csrf,
            asked={name: getattr(search, name) for name in FIELDS},
            outcome=search.outcome,
            outcomes=OUTCOMES,
            periods=PERIODS,
            period=period,
            problem=problem,
            tiers=self._tiers,
            rows=[brief(entries, self._tiers) for entries in page.requests],
            reached="" if page.reached is None else moment_text(page.reached.at_us),
            first=search.before is None and search.after is None,
            saved=query_of({**visit.query} if problem is None else {}),
            newest=link("/requests", visit.query),
            newer=page.newer and link("/requests", visit.query, "after", page.newer),
            older=page.older and link("/requests", visit.query, "before", page.older),
        )
        return Answer(body, status=422 if problem else 200)

    def json(self, visit: Visit) -> Answer:
        """What fits as one JSON document: attempts as `headgate ledger export` writes them."""
        page = self._page(search_of(visit.query, self._period(visit, USUAL).window))
        told = {
            "requests": [
                {"request_id": entries[0].request_id, "attempts": list(map(columns, entries))}
                for entries in page.requests
            ],
            "reached_us": page.reached and page.reached.at_us,
            "newer": page.newer and link("/requests.json", visit.query, "after", page.newer),
            "older": page.older and link("/requests.json", visit.query, "before", page.older),
        }
        return as_json(told)

    def csv(self, visit: Visit) -> Answer:
        """What fits as CSV, a row for each attempt; where there is more, a `link` header says so.

        A file has more requests than a page, from the same place on. It is made whole: it comes
        from another process, which answers at once or not at all.
        """
        search = search_of(visit.query, self._period(visit, USUAL).window)
        page = self._page(search, MOST)
        rows = tuple(
            tuple(map(_cell, row_of(entry))) for entries in page.requests for entry in entries
        )
        places: tuple[tuple[str, str, Mark | None], ...] = (
            ("next", "before", page.older),
            ("prev", "after", page.newer),
        )
        headers = [
            ("link", f'<{link("/requests.csv", visit.query, way, mark)}>; rel="{relation}"')
            for relation, way, mark in places
            if mark is not None
        ]
        text = csv_text(Table(tuple(map(Column, COLUMNS)), rows))
        return download(text, CSV, "requests.csv", *headers)

    def _page(self, search: Search, size: int = SIZE) -> Listed:
        page = listed(search, self._observer.requests, size)
        if not page.requests and search.text:  # a whole id finds its request, whatever else is said
            found = self._observer.request(search.text)
            return Listed([found]) if found else page
        return page


def _cell(value: object) -> str:
    """A value as the ledger's export writes it: flags are 0 and 1."""
    if value is None:
        return ""
    return str(int(value) if isinstance(value, bool) else value)
