"""The locations that EMPs pull: pages by Link, deltas, single objects.

Rule: what is on a page was shaped when it changed; here it is only chosen and counted.
Source: Roam OCPI, locations module.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from mock_peer import raw
from mock_peer.roam_catalogue import Catalogue, Entry, Span
from mock_peer.roam_judging import RoamJudge
from mock_peer.roam_limits import PullLimit
from mock_peer.roam_locations import is_removed
from mock_peer.roam_pages import LARGEST_PAGE, PARAMETER, Place, Pulls
from mock_peer.rule import Occasion
from simulator.kernel.chance import Chance
from simulator.ocpi.connection import SENDER
from simulator.ocpi.envelope import Json, NotFound
from simulator.ocpi.exchange import Ctx, Result, Route
from simulator.ocpi.headers import LIMIT, TOTAL_COUNT
from simulator.ocpi.paging import with_query

_ONE = "{location_id}"
_EVSE = f"{_ONE}/{{evse_uid}}"
_BELOW = (("evse_uid", "evses", "/uid"), ("connector_id", "connectors", "/id"))


class Listing:
    """The sender interface of the locations module."""

    def __init__(self, judge: RoamJudge, catalogue: Catalogue, chance: Chance) -> None:
        self._judge = judge
        self._catalogue = catalogue
        self._chance = chance.child("smart-paging")
        self._pulls: dict[str, Pulls] = {}
        self._limits: dict[str, PullLimit] = {}

    def routes(self) -> list[Route]:
        """The rows of the module."""
        return [
            Route("locations", SENDER, "GET", "", self.listed),
            Route("locations", SENDER, "GET", _ONE, self.one),
            Route("locations", SENDER, "GET", _EVSE, self.one),
            Route("locations", SENDER, "GET", f"{_EVSE}/{{connector_id}}", self.one),
        ]

    async def listed(self, ctx: Ctx) -> Result:
        """A page: the first by what the query asks for, the others by their `smart_paging`."""
        pulls = self._pulls.setdefault(ctx.connection.id, Pulls())
        value = ctx.query.get(PARAMETER)
        self._check(ctx, pulls, value)
        place = pulls.place(value) if value is not None else None
        place = place or self._begin(ctx, pulls)
        organisation = self._judge.book.organisation(ctx.connection)
        rest = self._catalogue.seen_by(organisation, place.span, place.after)
        entries = list(islice(rest, place.limit))
        more = next(rest, None) is not None
        self._judge.request(ctx, Occasion.ROAM_PAGE, _page(entries, place.span))
        headers = {TOTAL_COUNT: str(place.total), LIMIT: str(LARGEST_PAGE)}
        if more:
            headers["Link"] = self._link(ctx, pulls, place, entries[-1].serial)
        return Result([entry.encoded for entry in entries], headers=headers)

    async def one(self, ctx: Ctx) -> Result:
        """A single location, EVSE or connector. Raises NotFound."""
        entry = self._catalogue.find(ctx.params["location_id"])
        organisation = self._judge.book.organisation(ctx.connection)
        found: Json = None
        if entry is not None and organisation.sees(entry.country, entry.origin.party):
            found = entry.shown
        for name, children, key in _BELOW:
            if name in ctx.params:
                wanted = ctx.params[name].casefold()
                siblings = raw.items(found, f"/{children}")
                found = next((child for child in siblings if raw.key(child, key) == wanted), None)
        if found is None:
            raise NotFound(f"nothing is at {ctx.request.path}")
        return Result(found)

    def _check(self, ctx: Ctx, pulls: Pulls, value: str | None) -> None:
        """Judge how the page is asked for. Raises the OcpiError of a refusal."""
        state: str = pulls.standing(value)
        if ctx.query.get("offset", "0") != "0":
            state = "deep"
        pull: dict[str, Any] = {"state": state, "asked": dict(ctx.query)}
        since = self._limit(ctx).since(self._judge.clock.now()) if value is None else None
        if since is not None:
            pull["since_s"] = since.total_seconds()
        self._judge.require(ctx, Occasion.ROAM_PULL, pull)

    def _limit(self, ctx: Ctx) -> PullLimit:
        return self._limits.setdefault(ctx.connection.id, PullLimit())

    def _begin(self, ctx: Ctx, pulls: Pulls) -> Place:
        page = ctx.page(LARGEST_PAGE)
        self._limit(ctx).begin(self._judge.clock.now())
        span = Span(page.date_from, page.date_to)
        organisation = self._judge.book.organisation(ctx.connection)
        total = sum(1 for _ in self._catalogue.seen_by(organisation, span))
        return pulls.begin(page.limit, total, span)

    def _link(self, ctx: Ctx, pulls: Pulls, place: Place, after: int) -> str:
        value = self._chance.token(32)
        pulls.follow(place, after, value)
        kept = {k: v for k, v in ctx.query.items() if k in ("date_from", "date_to")}
        asked: dict[str, object] = {**kept, "limit": place.limit, PARAMETER: value}
        url = with_query(f"{ctx.request.base_url}{ctx.request.path}", asked)
        return f'<{url}>; rel="next"'


def _page(entries: Sequence[Entry], span: Span) -> Json:
    """What the rules read of a page."""
    since, until = span
    return {
        "since": since and since.isoformat(),
        "until": until and until.isoformat(),
        "entries": [
            {
                "id": entry.source.get("id"),
                "country": entry.country,
                "party": entry.origin.party,
                "changed_at": entry.changed_at.isoformat(),
                "removed": is_removed(entry.source),
            }
            for entry in entries
        ],
    }
