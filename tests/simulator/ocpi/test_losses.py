"""What a version could not say is told: by the client and by the server, once an exchange."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal, Record
from simulator.ocpi.client import Failure
from simulator.ocpi.codec import Around
from simulator.ocpi.connection import SENDER, Connection
from simulator.ocpi.exchange import Ctx, Result, Route
from simulator.ocpi.losses import Losses, name_of
from simulator.ocpi.paging import window
from simulator.ocpi.versions import VERSIONS
from tests.simulator.ocpi.platforms import CPO, EMSP, Side, side
from tests.simulator.ocpi.samples import sample

V211, V221 = VERSIONS["2.1.1"], VERSIONS["2.2.1"]
SHOWN, HIDDEN = sample("location"), {**sample("location"), "id": "HIDDEN", "publish": False}


def test_a_list_names_each_place_once_and_who_stays_behind() -> None:
    noted = Losses()
    wire = noted.to_wire(V211, "location", [SHOWN, HIDDEN, SHOWN], Around())
    assert [location["id"] for location in wire] == [SHOWN["id"]] * 2
    assert noted.withheld == ["HIDDEN"]
    assert "/*/state" in noted.lost and len(set(noted.lost)) == len(noted.lost)


def test_an_object_alone_keeps_its_places() -> None:
    noted = Losses()
    noted.to_wire(V211, "tariff", sample("tariff"), Around())
    assert "/elements/0/price_components/0/vat" in noted.lost and noted.withheld == []


def test_2_2_1_loses_nothing_and_tells_nothing(journal: Journal) -> None:
    noted = Losses()
    objects = [SHOWN, HIDDEN]
    assert noted.to_wire(V221, "location", objects, Around()) == objects
    noted.tell(journal, "cpo", "emsp", None, version=V221, kind="location")
    assert not journal.records


def test_things_are_named_by_id_or_uid() -> None:
    assert [name_of(o) for o in ({"id": "L"}, {"uid": "E"}, {}, 5)] == ["L", "E", "", ""]


async def locations(ctx: Ctx) -> Result:
    return ctx.listing(window(ctx.sendable("location", [SHOWN, HIDDEN]), ctx.page()))


def told(journal: Journal, what: str) -> list[Record]:
    return [r for r in journal.records if r["leg"] == "event" and r["what"] == what]


async def peers(cpo: Side, emsp: Side, version: str) -> Connection:
    """Both ends of a connection in a version: the eMSP's is returned, the CPO's is its `to`."""
    roles: dict[str, Any] = {"registered": True, "version": version}
    cpo.store.save(
        Connection("e", "emsp", token_in="right", our_roles=[CPO], their_roles=[EMSP], **roles)
    )
    return Connection("c", "cpo", token_out="right", our_roles=[EMSP], their_roles=[CPO], **roles)


@pytest.mark.parametrize("version", list(VERSIONS))
async def test_the_server_tells_what_a_pulled_list_lost(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    routes = [Route("locations", SENDER, "GET", "", locations, gives="location")]
    offer = tuple(VERSIONS)
    async with (
        side("cpo", [CPO], clock, chance, journal, routes, versions=offer) as cpo,
        side("emsp", [EMSP], clock, chance, journal, versions=offer) as emsp,
    ):
        cpo_seen = await peers(cpo, emsp, version)
        url = cpo.server.endpoint_url(version, "locations", SENDER)
        answer = await emsp.client.request(cpo_seen, "GET", url, module="locations")
    older = version == "2.1.1"
    assert len(answer.data) == (1 if older else 2)
    assert answer.headers["X-Total-Count"] == ("1" if older else "2"), "what can be had"
    assert [r["data"]["ids"] for r in told(journal, "ocpi.withheld")] == [["HIDDEN"]] * older
    for event in told(journal, "ocpi.lost"):
        assert (event["actor"], event["peer"]) == ("cpo", "emsp")
        assert (event["data"]["version"], event["data"]["kind"]) == (version, "location")
        record = journal.records[event["data"]["message_seq"] - 1]
        assert (record["leg"], record["module"]) == ("ocpi", "locations")
    assert len(told(journal, "ocpi.lost")) == older


async def test_the_client_tells_what_it_lost_and_what_it_did_not_send(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with (
        side("cpo", [CPO], clock, chance, journal, versions=("2.1.1",)) as cpo,
        side("emsp", [EMSP], clock, chance, journal) as emsp,
    ):
        seen = await peers(cpo, emsp, "2.1.1")
        url = f"{emsp.http.base_url}/ocpi/x"
        options = {"module": "tariffs", "takes": "tariff", "session": "S-1"}
        await cpo.client.exchange(seen, "PUT", url, body=sample("tariff"), **options)
        special = {**sample("tariff"), "id": "P", "type": "PROFILE_CHEAP"}
        answer = await cpo.client.exchange(seen, "PUT", url, body=special, **options)
    assert answer.failure is Failure.WITHHELD
    assert len([r for r in journal.records if r["leg"] == "ocpi"]) == 2, "one exchange, both ends"
    (lost,), (withheld,) = told(journal, "ocpi.lost"), told(journal, "ocpi.withheld")
    assert lost["session"] == withheld["session"] == "S-1"
    assert "/min_price" in lost["data"]["lost"]
    assert withheld["data"] == {"version": "2.1.1", "kind": "tariff", "ids": ["P"]}
