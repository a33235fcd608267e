"""Locations and tariffs towards peers: lists to pull, objects to push.

Rule: the present state is pushed, never a history: of several changes while a push is under way
only the last is sent. A PATCH that fails is followed by a PUT of the whole EVSE (OCPI 2.2.1
transport_and_format, PATCH).
"""

from __future__ import annotations

import asyncio

from simulator.cpo.peers import Peers
from simulator.cpo.sites import Object, Sites
from simulator.ocpi.connection import RECEIVER, SENDER, Connection
from simulator.ocpi.envelope import NotFound
from simulator.ocpi.exchange import Ctx, Result, Route
from simulator.ocpi.paging import window


class Locations:
    """The locations and tariffs modules of a CPO."""

    def __init__(self, peers: Peers, sites: Sites) -> None:
        self._peers = peers
        self._sites = sites
        # What each peer is to be told next: EVSEs by location and uid, in the order of change.
        self._changed: dict[str, dict[tuple[str, str], None]] = {}
        self._pushing: dict[str, asyncio.Task[None]] = {}

    def routes(self) -> list[Route]:
        """Both modules as sender."""
        return [
            Route("locations", SENDER, "GET", "", self._list, gives="location"),
            Route("locations", SENDER, "GET", "{location_id}", self._location, gives="location"),
            Route("locations", SENDER, "GET", "{location_id}/{evse_uid}", self._evse, gives="evse"),
            Route(
                "locations",
                SENDER,
                "GET",
                "{location_id}/{evse_uid}/{connector_id}",
                self._connector,
                gives="connector",
            ),
            Route("tariffs", SENDER, "GET", "", self._list_tariffs, gives="tariff"),
        ]

    # Pulled

    async def _list(self, ctx: Ctx) -> Result:
        page = ctx.page(self._peers.config.page_limit)
        sends = ctx.version.codec.sends
        known = [item for item in self._sites.locations() if sends("location", item)]
        return ctx.listing(window(known, page))

    async def _location(self, ctx: Ctx) -> Result:
        location = self._sites.location(ctx.params["location_id"])
        if location is None or not ctx.version.codec.sends("location", location):
            raise NotFound(f"there is no location {ctx.params['location_id']}")
        return Result(location)

    async def _evse(self, ctx: Ctx) -> Result:
        return Result(self._find_evse(ctx))

    async def _connector(self, ctx: Ctx) -> Result:
        evse, wanted = self._find_evse(ctx), ctx.params["connector_id"]
        for connector in evse.get("connectors", ()):
            if connector["id"] == wanted:
                return Result(connector)
        raise NotFound(f"there is no connector {wanted} at EVSE {evse['uid']}")

    def _find_evse(self, ctx: Ctx) -> Object:
        location_id, evse_uid = ctx.params["location_id"], ctx.params["evse_uid"]
        evse = self._sites.evse(location_id, evse_uid)
        if evse is None:
            raise NotFound(f"there is no EVSE {evse_uid} at location {location_id}")
        return evse

    async def _list_tariffs(self, ctx: Ctx) -> Result:
        page = ctx.page(self._peers.config.page_limit)
        return ctx.listing(window(self._sites.tariffs.values(), page))

    # Pushed

    async def tell_all(self, peer: Connection) -> None:
        """Push every tariff and every location to a peer that has just registered."""
        for tariff in self._sites.tariffs.values():
            await self._put(peer, "tariffs", "tariff", tariff)
        for location in self._sites.locations():
            await self._put(peer, "locations", "location", location)

    async def _put(self, peer: Connection, module: str, kind: str, item: Object) -> None:
        if (module, RECEIVER) not in peer.endpoints:
            return
        path = self._peers.owned(item["id"])
        answer = await self._peers.push(peer, "PUT", module, *path, body=item, takes=kind)
        if not answer.ok:
            problem = f"{answer.failure}: {answer.message}"
            self._peers.event(f"{kind}.not_taken", peer, id=item["id"], problem=problem)

    def evse_changed(self, location_id: str, evse_uid: str) -> None:
        """Tell every peer, in the background, in order."""
        for peer in self._peers.offering("locations", RECEIVER):
            self._changed.setdefault(peer.id, {})[location_id, evse_uid] = None
            if peer.id not in self._pushing:
                task = asyncio.get_running_loop().create_task(self._tell_changes(peer))
                self._pushing[peer.id] = task

    async def _tell_changes(self, peer: Connection) -> None:
        changed = self._changed[peer.id]
        try:
            while changed:
                location_id, evse_uid = next(iter(changed))
                del changed[location_id, evse_uid]
                await self._tell_evse(peer, location_id, evse_uid)
        finally:
            del self._pushing[peer.id]

    async def _tell_evse(self, peer: Connection, location_id: str, evse_uid: str) -> None:
        evse = self._sites.evse(location_id, evse_uid)
        location = self._sites.location(location_id)
        sends = self._peers.codec(peer).sends
        if evse is None or location is None or not sends("location", location):
            return
        path = self._peers.owned(location_id, evse_uid)
        patch = {"status": evse["status"], "last_updated": evse["last_updated"]}
        answer = await self._peers.push(peer, "PATCH", "locations", *path, body=patch, takes="evse")
        if answer.ok:
            return
        answer = await self._peers.push(peer, "PUT", "locations", *path, body=evse, takes="evse")
        if not answer.ok:
            problem = f"{answer.failure}: {answer.message}"
            self._peers.event("evse.not_taken", peer, evse_uid=evse_uid, problem=problem)

    async def stop(self) -> None:
        """Leave untold what is not told yet: who comes back pulls the present state."""
        tasks = list(self._pushing.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
