"""What stations are asked about certificates when they boot."""

from __future__ import annotations

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from tests.simulator.cpo.pnc_world import pnc_world
from tests.simulator.cpo.stations import Station201, station16, station201
from tests.simulator.cpo.test_plugs import Plugged, Plugged16
from tests.simulator.cpo.world import running


def asked(journal: Journal) -> list[str]:
    """The actions that went to stations."""
    return [
        record["action"]
        for record in journal.records
        if record["leg"] == "ocpp"
        and (record["actor"], record["direction"]) == ("cpo", "sent")
        and record["message_type"] == 2
    ]


async def test_a_station_with_plug_and_charge(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with (
        pnc_world(clock, chance, journal) as world,
        station201(world.cpo, clock, kind=Plugged) as station,
        station16(world.cpo, clock, kind=Plugged16) as old,
    ):
        await station.boot()
        await clock.sleep(1)
        assert asked(journal) == ["GetVariables", "GetInstalledCertificateIds"]
        await old.boot()
        await clock.sleep(1)
        assert asked(journal)[2:] == ["GetConfiguration", "DataTransfer"]
        wanted = ("GetInstalledCertificateIds", {"certificateType": ["V2GCertificateChain"]})
        assert old.told == [wanted]


async def test_a_station_without_it_is_left_alone_after_the_first_question(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with (
        pnc_world(clock, chance, journal) as world,
        station201(world.cpo, clock, kind=Station201) as station,
    ):
        await station.boot()
        await clock.sleep(1)
        assert asked(journal) == ["GetVariables"]
        (told,) = world.events("station.asked")
        assert told["data"]["result"] == "NOT_SUPPORTED"


async def test_no_station_is_asked_where_it_is_not_set_up(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with (
        running(clock, chance, journal) as world,
        station201(world.cpo, clock, kind=Plugged) as station,
    ):
        await station.boot()
        await clock.sleep(1)
        assert asked(journal) == []


async def test_a_station_that_is_not_accepted_is_not_asked(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with (
        pnc_world(clock, chance, journal) as world,
        station16(world.cpo, clock, name="STRANGER", kind=Plugged16) as station,
    ):
        await station.boot()
        await clock.sleep(1)
        assert asked(journal) == []
