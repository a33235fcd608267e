"""The CSMS whatever the version: who may come in, what is answered, how EVSEs look."""

from __future__ import annotations

from datetime import timedelta

import pytest
from ocpp.exceptions import OCPPError
from ocpp.v16 import call as call16
from ocpp.v201 import call as call201
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from simulator.cpo.run import Cpo
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal
from tests.simulator.cpo.stations import station16, station201
from tests.simulator.cpo.world import CONFIG, running


@pytest.mark.parametrize("answer", ["Rejected", "Pending"])
async def test_a_stranger_is_answered_as_configured(
    answer: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with (
        running(clock, chance, journal, registered=False, unknown_stations=answer) as world,
        station16(world.cpo, clock, "STRANGER") as station,
    ):
        assert (await station.boot()).status == answer
        with pytest.raises(OCPPError) as refused:
            await station.begin()
        assert refused.value.code == "SecurityError"


async def test_before_the_boot_nothing_goes(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal, registered=False) as world:
        async with station16(world.cpo, clock) as station:
            with pytest.raises(OCPPError) as refused:
                await station.status("Available")
            assert refused.value.code == "SecurityError"
            await station.boot()
            await station.status("Available")
        async with station16(world.cpo, clock) as station:  # back again: it need not boot
            await station.status("Available")


async def test_a_wrong_password_stays_out(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal, registered=False) as world:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{world.cpo.ocpp_url}/CP201", subprotocols=[Subprotocol("ocpp2.0.1")])
        assert refused.value.response.status_code == 401


async def test_what_is_in_no_table_is_told(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal, registered=False) as world:
        async with station201(world.cpo, clock) as station:
            await station.boot()
            limit = call201.ClearedChargingLimit("EMS")
            with pytest.raises(OCPPError) as refused:
                await station.call(limit, suppress=False)
            assert refused.value.code == "NotSupported"
        async with station16(world.cpo, clock) as old:
            await old.boot()
            with pytest.raises(OCPPError) as refused:
                await old.call(
                    call16.SignedFirmwareStatusNotification("Installed", 1), suppress=False
                )
            assert refused.value.code == "NotSupported"


async def test_a_station_that_stays_away_is_unknown_and_comes_back_as_it_was(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:

        def evse() -> str:
            status: str = world.cpo.snapshot()["evses"]["E1"]
            return status

        async with station16(world.cpo, clock) as station:
            await station.boot()
            await station.status("Charging")
        await clock.sleep(59)
        assert evse() == "CHARGING"
        async with station16(world.cpo, clock):
            await clock.sleep(120)
            assert evse() == "CHARGING"
        await clock.sleep(61)
        assert evse() == "UNKNOWN"
        async with station16(world.cpo, clock):
            await clock.sleep(1)
            assert evse() == "CHARGING"
        await clock.sleep(1)
        told = [b["status"] for v, b in world.emsp.of("locations") if v == "PATCH"]
        assert told == ["CHARGING", "UNKNOWN", "CHARGING"]


async def test_an_answer_to_a_transaction_waits_for_its_commit(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with (
        running(clock, chance, journal, registered=False) as world,
        station16(world.cpo, clock) as station,
    ):
        await station.boot()
        await clock.sleep(1)
        before = clock.monotonic()
        await station.begin()
        assert clock.monotonic() - before == pytest.approx(0.005, abs=0.001)
        before = clock.monotonic()
        await station.call(call16.Heartbeat(), suppress=False)
        assert clock.monotonic() == before


async def test_frames_belong_to_their_session(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        journal.link("evse/CP201/1", "CP201-1-1")
        await station.event("Started", state="Charging", kwh=0.0, token="CARD1")
        await station.event("Ended", kwh=1.0)
        await world.told("cdr.accepted")
        of_session = [r for r in journal.records if r["session"] == "CP201-1-1"]
        assert {r["leg"] for r in of_session} == {"ocpp", "ocpi", "event"}
        cdrs = [r for r in of_session if r["leg"] == "ocpi" and r["module"] == "cdrs"]
        assert {r["actor"] for r in cdrs} == {"cpo", "emsp"}


@pytest.mark.parametrize(
    "told", ["1970-01-01T00:00:03Z", "2037-01-01T00:00:00Z", "0001-01-01T00:00:00+05:00", "soon"]
)
def test_a_clock_that_was_never_set_is_not_believed(
    told: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    cpo = Cpo(CONFIG, clock=clock, chance=chance, journal=journal)
    assert cpo.csms.moment(told) == clock.now()
    skewed = clock.now() - timedelta(hours=3)
    assert cpo.csms.moment(rfc3339(skewed)) == skewed
    cpo.book.close()
