"""A station at a glance."""

from __future__ import annotations

import msgspec

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.station.config import PncConfig
from simulator.station.ev import Car
from simulator.wire.ocpp_rpc import OcppVersion
from tests.simulator.station.certificate_box import asked, factory_roots, owned
from tests.simulator.station.csms import world
from tests.simulator.station.pnc_box import EMAID, car


async def test_a_snapshot_shows_what_goes_on(clock: Clock, journal: Journal) -> None:
    settings = {"basic_auth_password": "0123456789abcdef"}
    async with world(clock, journal, OcppVersion.V16, settings=settings) as (station, _):
        await station.plug(2, Car(soc_percent=30.0))
        await station.tap(2, "04A1")
        await clock.sleep(61)
        seen = station.snapshot()
    evse = seen["evses"][1]
    assert {k: seen[k] for k in ("id", "version", "powered", "online", "boot", "queued")} == {
        "id": "CP1",
        "version": "1.6",
        "powered": True,
        "online": True,
        "boot": "Accepted",
        "queued": 0,
    }
    assert {k: evse[k] for k in ("state", "status", "session", "token", "transaction")} == {
        "state": "charging",
        "status": "Charging",
        "session": "CP1-2-1",
        "token": "04A1",
        "transaction": "1",
    }
    assert evse["power_w"] > 100_000
    assert evse["energy_wh"] > 1_800
    assert evse["soc_percent"] > 33.0
    assert seen["config"]["meter_interval_s"] == "60"
    assert (seen["pnc"], seen["certificates"], evse["contract"]) == (None, None, None)
    assert "0123456789abcdef" not in str(seen)
    assert msgspec.json.decode(msgspec.json.encode(seen)) == seen


async def test_a_look_changes_nothing_on_the_wire(clock: Clock) -> None:
    async def frames(look: bool) -> list[str]:
        journal = Journal(clock)
        began_s = clock.monotonic()
        async with world(clock, journal, OcppVersion.V201, meter_interval_s=10) as (station, _):
            await station.plug(1)
            await station.tap(1, "04A1")
            for _ in range(60):
                await clock.sleep(1)
                if look:
                    station.snapshot()
        assert clock.monotonic() == began_s + 60
        cut = [r["frame"].split('"sampledValue"')[-1] for r in journal.records if r.get("frame")]
        return [text for text in cut if "Power.Active.Import" in text]

    assert await frames(look=True) == await frames(look=False)


async def test_a_cars_contract_is_shown_without_its_key(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, OcppVersion.V201) as (station, _):
        await station.plug(1, car())
        shown = station.snapshot()["evses"][0]["contract"]
    assert shown["emaid"] == EMAID and shown["subject"].startswith("DC=MO,CN=")
    assert shown["not_before"] < shown["not_after"] and "PRIVATE" not in str(shown)


async def test_certificates_are_shown_without_their_keys(clock: Clock, journal: Journal) -> None:
    options = {"pnc": PncConfig(), "certificates": factory_roots()}
    async with world(clock, journal, OcppVersion.V201, **options) as (station, _):
        store = station.core.certificates
        assert store is not None
        owned(store)
        asked(store, seed=2)
        seen = station.snapshot()
    shown = seen["certificates"]
    assert (seen["pnc"], shown["usable"], shown["requested"]) == (True, True, ["V2GCertificate"])
    assert shown["roots"] == {"V2GRootCertificate": 1, "CSMSRootCertificate": 1}
    assert (shown["own"][0]["type"], shown["own"][0]["valid"]) == ("V2GCertificate", True)
    assert seen["config"]["pnc_enabled"] == "true"
    assert msgspec.json.decode(msgspec.json.encode(seen)) == seen
    assert set(shown["own"][0]) == {
        "type", "subject", "serial", "not_before", "not_after", "valid",
    }  # fmt: skip
