"""Locations and tariffs towards peers: lists to pull, objects to push.

Rule: the present state is pushed, never a history: of several changes while a push is under way
only the last is sent. A PATCH that fails is followed by a PUT of the whole EVSE (OCPI 2.2.1
transport_and_format, PATCH).
"""

from __future__ import annotations

import asyncio

from simulator.cpo.common import Common
from simulator.cpo.peers import NOT_THERE, Peers
from simulator.cpo.sites import Object
from simulator.ocpi.client import Answer, Failure
from simulator.ocpi.connection import RECEIVER, SENDER, Connection
from simulator.ocpi.envelope import NotFound
from simulator.ocpi.exchange import Ctx, Result, Route
from simulator.ocpi.paging import window

# Kind; id of the location or tariff; uid of the EVSE, if it is one or has it; id of the connector.
Item = tuple[str, str, str, str]


class Locations:
    """The locations and tariffs modules of a CPO."""

    def __init__(self, common: Common, peers: Peers) -> None:
        self._sites = common.sites
        self._peers = peers
        # What each peer is to be told next, in order; and who was away when it was told.
        self._due: dict[str, dict[Item, None]] = {}
        self._pushing: dict[str, asyncio.Task[None]] = {}
        self._behind: set[str] = set()
        # The tariffs as each peer has them, as far as we know: what differs may be a PATCH.
        self._told: dict[str, dict[str, Object]] = {}

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
        known = ctx.sendable("location", self._sites.locations())
        return ctx.listing(window(known, page))

    async def _location(self, ctx: Ctx) -> Result:
        return Result(self._find_location(ctx))

    async def _evse(self, ctx: Ctx) -> Result:
        return Result(self._find_evse(ctx))

    async def _connector(self, ctx: Ctx) -> Result:
        evse, wanted = self._find_evse(ctx), ctx.params["connector_id"]
        connector = self._sites.connector(evse, wanted)
        if connector is not None:
            return Result(connector)
        raise NotFound(f"there is no connector {wanted} at EVSE {evse['uid']}")

    def _find_location(self, ctx: Ctx) -> Object:
        location = self._sites.location(ctx.params["location_id"])
        if location is None or not ctx.sendable("location", [location]):
            raise NotFound(f"there is no location {ctx.params['location_id']}")
        return location

    def _find_evse(self, ctx: Ctx) -> Object:
        location_id, evse_uid = self._find_location(ctx)["id"], ctx.params["evse_uid"]
        evse = self._sites.evse(location_id, evse_uid)
        if evse is None:
            raise NotFound(f"there is no EVSE {evse_uid} at location {location_id}")
        return evse

    async def _list_tariffs(self, ctx: Ctx) -> Result:
        page = ctx.page(self._peers.config.page_limit)
        known = ctx.sendable("tariff", self._sites.tariffs.values())
        return ctx.listing(window(known, page))

    # Pushed

    async def tell_all(self, peer: Connection) -> None:
        """Push every tariff and every location whole, after what is under way."""
        self._told.pop(peer.id, None)
        await self._enqueue(peer, *self._all())

    def _all(self) -> list[Item]:
        tariffs = [("tariff", tariff_id, "", "") for tariff_id in self._sites.tariffs]
        return tariffs + [("location", item["id"], "", "") for item in self._sites.locations()]

    def evse_changed(self, location_id: str, evse_uid: str) -> None:
        """Tell every peer, in the background; one that was away hears of everything again."""
        self._changed("locations", ("evse", location_id, evse_uid, ""))

    def connector_changed(self, location_id: str, evse_uid: str, connector_id: str) -> None:
        """Tell every peer what a connector can do, as `evse_changed` does."""
        self._changed("locations", ("connector", location_id, evse_uid, connector_id))

    def tariff_changed(self, tariff_id: str) -> None:
        """Tell every peer, as `evse_changed` does."""
        self._changed("tariffs", ("tariff", tariff_id, "", ""))

    def _changed(self, module: str, item: Item) -> None:
        for peer in self._peers.offering(module, RECEIVER):
            missed = self._all() if peer.id in self._behind else []
            self._behind.discard(peer.id)
            self._enqueue(peer, *missed, item)

    def _enqueue(self, peer: Connection, *items: Item) -> asyncio.Task[None]:
        self._due.setdefault(peer.id, {}).update(dict.fromkeys(items))
        task = self._pushing.get(peer.id)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._push_due(peer))
            self._pushing[peer.id] = task
        return task

    async def _push_due(self, peer: Connection) -> None:
        due = self._due[peer.id]
        try:
            while due:
                item = next(iter(due))
                del due[item]
                answer = await self._push(peer, *item)
                if answer is None or answer.ok or answer.failure is Failure.WITHHELD:
                    continue
                problem = f"{answer.failure}: {answer.message}"
                kind, item_id, evse_uid, _ = item
                self._peers.event(
                    f"{kind}.not_taken", peer, id=item_id, evse_uid=evse_uid, problem=problem
                )
                if answer.failure in NOT_THERE:
                    due.clear()
                    self._behind.add(peer.id)
        finally:
            del self._pushing[peer.id]

    async def _push(
        self, peer: Connection, kind: str, item_id: str, evse_uid: str, connector_id: str
    ) -> Answer | None:
        """Push one item as it is now; None if it is not for this peer."""
        if kind == "tariff":
            return await self._push_tariff(peer, self._sites.tariffs[item_id])
        location = self._sites.location(item_id)
        if location is None:
            return None
        if kind == "location":
            return await self._put(peer, "locations", kind, location, item_id)
        evse = self._sites.evse(item_id, evse_uid)
        if evse is None or not self._peers.version(peer).codec.sends("location", location):
            return None
        path = self._peers.owned(item_id, evse_uid)
        fields: tuple[str, ...] = ("status", "last_updated")
        changed: Object | None = evse
        if kind == "connector":
            path, fields = (*path, connector_id), ("capabilities", "last_updated")
            changed = self._sites.connector(evse, connector_id)
        if changed is None:
            return None
        patch = {name: changed[name] for name in fields}
        answer = await self._peers.push(peer, "PATCH", "locations", *path, body=patch, takes=kind)
        if answer.ok or answer.failure in NOT_THERE:
            return answer
        return await self._put(peer, "locations", "evse", evse, item_id, evse_uid)

    async def _push_tariff(self, peer: Connection, tariff: Object) -> Answer | None:
        """PATCH what has changed where the version has that, else PUT; DELETE what is no more.

        A tariff that the version must not carry is deleted where the peer has it as it was before.
        """
        tariff_id, version = tariff["id"], self._peers.version(peer)
        held = self._told.setdefault(peer.id, {})
        told = held.pop(tariff_id, None)
        answer: Answer | None = None
        path = self._peers.owned(tariff_id)
        if told is not None and not version.codec.sends("tariff", tariff):
            answer = await self._peers.push(peer, "DELETE", "tariffs", *path)
            if answer.failure in NOT_THERE:
                held[tariff_id] = told
            return answer
        if told is not None and version.knows("tariffs", RECEIVER, "PATCH"):
            patch = _difference(told, tariff)
            if patch is not None:
                answer = await self._peers.push(
                    peer, "PATCH", "tariffs", *path, body=patch, takes="tariff"
                )
        if answer is None or not (answer.ok or answer.failure in NOT_THERE):
            answer = await self._put(peer, "tariffs", "tariff", tariff, tariff_id)
        if answer is not None and answer.ok:
            held[tariff_id] = tariff
        return answer

    async def _put(
        self, peer: Connection, module: str, kind: str, body: Object, *ids: str
    ) -> Answer | None:
        if (module, RECEIVER) not in peer.endpoints:
            return None
        path = self._peers.owned(*ids)
        return await self._peers.push(peer, "PUT", module, *path, body=body, takes=kind)

    async def stop(self) -> None:
        """Leave untold what is not told yet: who comes back pulls the present state."""
        tasks = list(self._pushing.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _difference(told: Object, tariff: Object) -> Object | None:
    """The fields that are new or otherwise; None if some are gone, which no PATCH can say."""
    if told.keys() - tariff.keys():
        return None
    return {name: value for name, value in tariff.items() if told.get(name) != value}
