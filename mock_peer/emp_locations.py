"""Locations, EVSEs and connectors as a CPO pushes them: PUT whole, PATCH in part.

Rule: a PATCH changes the fields it brings, of the object it names and of nothing below; a change
sets the time of all that stands above (OCPI 2.2.1 mod_locations, PUT and PATCH).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mock_peer import raw
from mock_peer.judging import OWNER, Judge
from mock_peer.rule import Occasion
from simulator.ocpi.connection import RECEIVER
from simulator.ocpi.envelope import UnknownLocation
from simulator.ocpi.exchange import Ctx, Result, Route

_LOCATION = f"{OWNER}/{{location_id}}"
_EVSE = f"{_LOCATION}/{{evse_uid}}"
_CONNECTOR = f"{_EVSE}/{{connector_id}}"
_UP_TO = ("location_id", "evse_uid", "connector_id")


class Locations:
    """The receiver interface of the locations module."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._book = judge.book

    def routes(self) -> list[Route]:
        """The rows of the module."""
        rows = (
            ("PUT", _LOCATION, self.put_location),
            ("PUT", _EVSE, self.put_evse),
            ("PUT", _CONNECTOR, self.put_connector),
            ("PATCH", _LOCATION, self.patch_location),
            ("PATCH", _EVSE, self.patch_evse),
            ("PATCH", _CONNECTOR, self.patch_connector),
        )
        return [Route("locations", RECEIVER, verb, path, handler) for verb, path, handler in rows]

    async def put_location(self, ctx: Ctx) -> Result:
        """Keep a whole location. One that is refused for its country alone is remembered as such,
        so that an authorization there can be told from one at an unknown place.
        """
        refused = self._judge.request(ctx, Occasion.LOCATION)
        if refused is None:
            return Result(created=self._keep(ctx))
        if {f.rule for f in ctx.findings if f.severity == "reject"} == {"location.territory"}:
            self._keep(ctx, outside=True)
        return self._judge.refuse(ctx, refused)

    def _keep(self, ctx: Ctx, *, outside: bool = False) -> bool:
        body = self._judge.canonical(ctx, "location", "id", "location_id")
        now = self._judge.clock.now()
        return self._book.share_location(ctx.connection, body, now, outside)

    async def put_evse(self, ctx: Ctx) -> Result:
        """Keep an EVSE of a location that is there."""
        if refused := self._judge.request(ctx, Occasion.EVSE):
            return self._judge.refuse(ctx, refused)
        body = self._judge.canonical(ctx, "evse", "uid", "evse_uid")
        return self._put_child(ctx, self._path(ctx, 1), "evses", "uid", body)

    async def put_connector(self, ctx: Ctx) -> Result:
        """Keep a connector of an EVSE that is there."""
        if refused := self._judge.request(ctx, Occasion.CONNECTOR):
            return self._judge.refuse(ctx, refused)
        body = self._judge.canonical(ctx, "connector", "id", "connector_id")
        return self._put_child(ctx, self._path(ctx, 2), "connectors", "id", body)

    async def patch_location(self, ctx: Ctx) -> Result:
        """Change a location's own fields."""
        return self._patch(ctx, Occasion.LOCATION_PATCH, "location", "id", 1)

    async def patch_evse(self, ctx: Ctx) -> Result:
        """Change an EVSE's own fields."""
        return self._patch(ctx, Occasion.EVSE_PATCH, "evse", "uid", 2)

    async def patch_connector(self, ctx: Ctx) -> Result:
        """Change a connector's fields."""
        return self._patch(ctx, Occasion.CONNECTOR_PATCH, "connector", "id", 3)

    def _patch(self, ctx: Ctx, occasion: Occasion, kind: str, id_name: str, depth: int) -> Result:
        if refused := self._judge.request(ctx, occasion):
            return self._judge.refuse(ctx, refused)
        path = self._path(ctx, depth)
        param = _UP_TO[depth - 1]
        change = self._judge.canonical(ctx, kind, id_name, param, partial=True)
        change.pop(id_name, None)
        path[-1].update(change)
        self._touch(ctx, path, change)
        return Result()

    def _path(self, ctx: Ctx, depth: int) -> list[dict[str, Any]]:
        """What the URL names: the location, its EVSE, its connector, down to `depth`.

        Raises UnknownLocation (2003), whatever rules are switched off.
        """
        known = self._book.known(ctx.connection)
        ids = [ctx.params[name] for name in _UP_TO[:depth]]
        home = known.location(ids[0])
        found: list[dict[str, Any] | None] = [home.body if home else None]
        if depth > 1:
            found.append(known.evse(ids[0], ids[1]))
        if depth > 2:
            found.append(known.connector(ids[0], ids[1], ids[2]))
        path = [body for body in found if body is not None]
        if len(path) < depth:
            raise UnknownLocation(f"{'/'.join(ids)} was not PUT before")
        return path

    def _put_child(
        self, ctx: Ctx, path: Sequence[dict[str, Any]], group: str, name: str, body: dict[str, Any]
    ) -> Result:
        """Put a child into the last of `path`, in the place of its namesake."""
        siblings = list(raw.items(path[-1], f"/{group}"))
        wanted = raw.key(body, f"/{name}")
        places = [i for i, child in enumerate(siblings) if raw.key(child, f"/{name}") == wanted]
        if places:
            siblings[places[0]] = body
        else:
            siblings.append(body)
        path[-1][group] = siblings
        self._touch(ctx, path, body)
        return Result(created=not places)

    def _touch(self, ctx: Ctx, path: Sequence[dict[str, Any]], body: dict[str, Any]) -> None:
        if "last_updated" in body:
            for changed in path:
                changed["last_updated"] = body["last_updated"]
        self._book.put_location(ctx.connection, path[0], self._judge.clock.now())
