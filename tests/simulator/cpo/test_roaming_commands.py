"""Commands of peers: answered at once, carried out, and told."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.client import Answer
from simulator.ocpi.connection import RECEIVER
from simulator.ocpi.validate import errors
from simulator.ocpi.versions import VERSIONS
from simulator.wire.http import join_url
from tests.simulator.cpo.stations import station16, station201
from tests.simulator.cpo.world import LOCATION, World, evse, running, token

APP = "0f8fad5b-d9cb-469f-a165-70867728950e"


async def command(world: World, name: str, **body: Any) -> Answer:
    """Send a command; `response_url` is added."""
    peer = world.emsp.cpo
    url = join_url(peer.endpoints["commands", RECEIVER], name)
    back = world.emsp.server.endpoint_url(peer.version or "", "commands", "SENDER", "42")
    body = {"response_url": back, **body}
    return await world.emsp.client.exchange(peer, "POST", url, module="commands", body=body)


def start(**fields: Any) -> dict[str, Any]:
    card = token(APP, type="APP_USER", whitelist="NEVER")
    return {"token": card, "location_id": "LOC1", "evse_uid": "E1", **fields}


def results(world: World) -> list[str]:
    return [body["result"] for _, body in world.emsp.of("commands")]


async def test_a_session_by_command_at_a_16_station(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        await station.status("Available")
        answer = await command(world, "START_SESSION", **start(authorization_reference="R-1"))
        assert answer.data == {"result": "ACCEPTED", "timeout": 30}
        assert errors("command_response", answer.data, "2.2.1") == []
        await world.told("command.done", result="ACCEPTED")
        assert results(world) == ["ACCEPTED"]
        ((_, asked),) = station.told
        assert asked["connector_id"] == 1
        begun = await station.begin(tag=asked["id_tag"])
        assert begun.id_tag_info["status"] == "Accepted"
        await clock.sleep(60)
        (session,) = [b for v, b in world.emsp.of("sessions") if v == "PUT"]
        assert (session["auth_method"], session["authorization_reference"]) == ("COMMAND", "R-1")
        assert session["cdr_token"]["uid"] == APP
        assert world.emsp.asked == 0

        answer = await command(world, "STOP_SESSION", session_id=session["id"])
        assert answer.data["result"] == "ACCEPTED"
        await clock.sleep(1)
        assert station.told[-1] == ("stop", {"transaction_id": begun.transaction_id})
        assert results(world) == ["ACCEPTED", "ACCEPTED"]
        await station.end(begun.transaction_id, 2000, reason="Remote")
        await world.told("cdr.accepted")
        (cdr,) = world.emsp.cdrs.values()
        assert (cdr["auth_method"], cdr["authorization_reference"]) == ("COMMAND", "R-1")
        answer = await command(world, "STOP_SESSION", session_id=session["id"])
        assert answer.data["result"] == "REJECTED"  # it is over


async def test_a_session_by_command_at_a_201_station(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        await command(world, "START_SESSION", **start(evse_uid="E3", connector_id="1"))
        await world.told("command.done")
        ((_, asked),) = station.told
        assert asked["evse_id"] == 1
        assert asked["id_token"] == {"id_token": APP, "type": "Central"}
        got = await station.event(
            "Started",
            state="Charging",
            kwh=0.0,
            token=APP,
            token_type="Central",
            reason="RemoteStart",
        )
        assert got.id_token_info["status"] == "Accepted"
        await clock.sleep(1)
        (session,) = world.cpo.ledger.open_sessions()
        await command(world, "STOP_SESSION", session_id=session.head.id)
        await clock.sleep(1)
        assert station.told[-1] == ("stop", {"transaction_id": "TX-1"})


@pytest.mark.parametrize("version", list(VERSIONS))
async def test_a_start_in_every_version(
    version: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with (
        running(clock, chance, journal, versions=(version,)) as world,
        station16(world.cpo, clock) as station,
    ):
        await station.boot()
        peer = world.emsp.cpo
        answer = await world.emsp.client.exchange(
            peer,
            "POST",
            join_url(peer.endpoints["commands", RECEIVER], "START_SESSION"),
            module="commands",
            body={
                **start(token=token("CARD7")),
                "response_url": world.emsp.server.endpoint_url(version, "commands", "SENDER", "42"),
            },
            takes="command:START_SESSION",
            gives="command_response",
        )
        assert answer.data["result"] == "ACCEPTED"
        assert answer.envelope is not None
        assert errors("command_response", answer.envelope.data, version) == []
        assert ("timeout" in answer.envelope.data) == (version != "2.1.1")
        await world.told("command.done", result="ACCEPTED", problem=None)
        assert world.emsp.of("commands") == [("POST", {"result": "ACCEPTED"})]
        begun = await station.begin("CARD7")
        assert begun.id_tag_info["status"] == "Accepted"
        await clock.sleep(60)
        await station.end(begun.transaction_id, 2000)
        await world.told("cdr.accepted")
        (cdr,) = world.emsp.cdrs.values()
        assert errors("cdr", cdr, version) == []
        # 2.1.1 has no word for it; there the session was authorized by the eMSP beforehand
        assert cdr["auth_method"] == ("COMMAND" if version != "2.1.1" else "AUTH_REQUEST")


async def test_a_command_belongs_to_the_car_that_is_there(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        journal.link("evse/CP16/1", "CP16-1-1")  # of an earlier car
        await station.status("Available")
        await command(world, "START_SESSION", **start())
        assert (await world.told("command.done"))["session"] is None
        journal.link("evse/CP16/1", "CP16-1-2")
        await station.status("Preparing")
        await command(world, "START_SESSION", **start())
        await clock.sleep(1)
        assert [r["session"] for r in world.events("command.done")] == [None, "CP16-1-2"]
        asked = [r for r in journal.records if r.get("action") == "RemoteStartTransaction"]
        assert [r["session"] for r in asked if r["direction"] == "sent"] == [None, "CP16-1-2"]


async def test_without_an_evse_the_first_free_one_is_taken(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        await station.status("Charging", 1)
        body = start(evse_uid=None)
        assert (await command(world, "START_SESSION", **body)).data["result"] == "REJECTED"
        await station.status("Available", 2)
        await command(world, "START_SESSION", **body)
        await world.told("command.done")
        assert station.told[-1][1]["connector_id"] == 2


async def test_what_stands_in_the_way_is_the_result(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        await station.status("Faulted")
        await command(world, "START_SESSION", **start())
        await station.begin(connector=2)
        await command(world, "START_SESSION", **start(evse_uid="E2"))
        await clock.sleep(1)
        assert results(world) == ["EVSE_INOPERATIVE", "EVSE_OCCUPIED"]


async def test_a_result_that_2_1_1_has_no_word_for_is_rejected_and_told(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with (
        running(clock, chance, journal, versions=("2.1.1",)) as world,
        station16(world.cpo, clock) as station,
    ):
        await station.boot()
        await station.status("Faulted")
        await command(world, "START_SESSION", **start())
        await world.told("command.done", result="EVSE_INOPERATIVE", problem=None)
        assert world.emsp.of("commands") == [("POST", {"result": "REJECTED"})]
        (lost,) = [r for r in world.events("ocpi.lost") if r["data"]["kind"] == "command_result"]
        assert lost["data"]["lost"] == ["/result"]
        assert station.told == []


async def test_a_station_that_is_away_is_told_at_once(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:
        answer = await command(world, "START_SESSION", **start())
        assert answer.data["result"] == "REJECTED"
        assert answer.data["message"][0]["text"] == "the station is not connected"
        assert errors("command_response", answer.data, "2.2.1") == []


async def test_anothers_token_is_refused(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        answer = await command(world, "START_SESSION", **start(token=token(APP, party_id="OTH")))
        assert answer.data["result"] == "REJECTED"


async def test_sessions_that_are_not_the_peers(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        world.emsp.verdict = "BLOCKED"
        begun = await station.begin()
        session = world.cpo.ledger.find("CP16", str(begun.transaction_id))
        assert session is not None
        for unknown in (session.head.id, "nothing"):
            answer = await command(world, "STOP_SESSION", session_id=unknown)
            assert answer.data["result"] == "UNKNOWN_SESSION"


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"location_id": "LOC9"}, 2003, "/location_id"),
        ({"evse_uid": "E9"}, 2003, "/evse_uid"),
        ({"connector_id": "9"}, 2003, "/connector_id"),
        ({"evse_uid": None, "connector_id": "1"}, 2001, "/evse_uid"),
        ({"token": None}, 2001, "/token"),
        ({"token": {"uid": 5}}, 2001, "/token"),
        ({"authorization_reference": 5}, 2001, "/authorization_reference"),
        ({"evse_uid": ["E1"]}, 2001, "/evse_uid"),
        ({"response_url": None}, 2001, "/response_url"),
        ({"location_id": None}, 2001, "/location_id"),
        ({"response_url": ""}, 2001, "/response_url"),
        ({"response_url": "ftp://x/y"}, 2001, "/response_url"),
        ({"response_url": "file:///etc/passwd"}, 2001, "/response_url"),
        ({"response_url": "http:///nowhere"}, 2001, "/response_url"),
        ({"response_url": "http://[/x"}, 2001, "/response_url"),
        ({"response_url": "http://host:99999/x"}, 2001, "/response_url"),
        ({"response_url": "http://no..host/x"}, 2001, "/response_url"),
        ({"response_url": f"http://host/{'a' * 300}"}, 2001, "/response_url"),
    ],
)
async def test_what_is_wrong_is_told(
    body: dict[str, Any], code: int, pointer: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:
        answer = await command(world, "START_SESSION", **start(**body))
        assert (answer.http_status, answer.status_code) == (200, code)
        assert pointer in answer.message


@pytest.mark.parametrize(
    "url", ["https://[2001:db8::1]:8080/r", "http://emp.example./r?x=1", "HTTP://10.0.0.1/r"]
)
async def test_a_usable_response_url_is_no_obstacle(
    url: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:
        answer = await command(world, "STOP_SESSION", session_id="nothing", response_url=url)
        assert answer.data["result"] == "UNKNOWN_SESSION"


async def test_a_stop_needs_a_usable_response_url(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:
        answer = await command(world, "STOP_SESSION", session_id="S", response_url="ftp://x/y")
        assert answer.status_code == 2001 and "/response_url" in answer.message


async def test_ids_are_compared_without_regard_to_case(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        await station.status("Available")
        body = start(location_id="loc1", evse_uid="e1")
        answer = await command(world, "START_SESSION", **body)
        assert answer.data["result"] == "ACCEPTED"


async def test_a_connector_that_is_required(clock: Clock, chance: Chance, journal: Journal) -> None:
    picky = {**evse("E1"), "capabilities": ["START_SESSION_CONNECTOR_REQUIRED"]}
    locations = [{**LOCATION, "evses": [picky]}]
    async with running(clock, chance, journal, locations=locations) as world:
        answer = await command(world, "START_SESSION", **start())
        assert answer.status_code == 2001
        assert "/connector_id" in answer.message


async def test_a_start_that_came_to_nothing_grants_nothing(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        station.route_map.pop("RemoteStartTransaction")
        await command(world, "START_SESSION", **start())
        await world.told("command.done", result="NOT_SUPPORTED")
        begun = await station.begin(tag=APP[:9] + ".." + APP[-9:])
        assert begun.id_tag_info["status"] == "Invalid"


@pytest.mark.parametrize("name", ["UNLOCK_CONNECTOR", "RESERVE_NOW", "CANCEL_RESERVATION"])
async def test_what_this_cpo_does_not_offer(
    name: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:
        answer = await command(world, name, reservation_id="1")
        assert (answer.http_status, answer.status_code) == (200, 1000)
        assert answer.data["result"] == "NOT_SUPPORTED"


async def test_a_result_that_nobody_takes_is_told(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        body = start(response_url="http://127.0.0.1:1/nobody")
        await command(world, "START_SESSION", **body)
        done = await world.told("command.done")
        assert done["data"]["problem"].startswith("unreachable")
