"""Which connectors say Plug & Charge, and that peers hear of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ocpp.routing import on
from ocpp.v16 import call_result as result16
from ocpp.v201 import call, call_result

from mock_peer.rules import RULES
from simulator.cpo.config import StationEntry
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.exchange import Ctx, Result
from simulator.pki.certificates import hash_data, pem, read_chain
from simulator.pki.csr import make_csr
from simulator.pki.keys import P256, draw_key
from tests.simulator.cpo.pnc_world import PncWorld, pnc_world
from tests.simulator.cpo.stations import Station16, Station201, station16, station201
from tests.simulator.cpo.world import CONFIG, crashed

WORD, WORD_20 = "ISO_15118_2_PLUG_AND_CHARGE", "ISO_15118_20_PLUG_AND_CHARGE"
KEY = draw_key(Chance(3), P256)
COMPONENT = {"name": "ISO15118Ctrlr"}


class Plugged(Station201):
    """A 2.0.1 station with a controller and V2G chains (rows of 2.0.1)."""

    enabled = "true"
    chains: tuple[dict[str, Any], ...] = ()
    set_status = "Accepted"

    @on("GetVariables")
    def on_get(self, get_variable_data: Any, **_: Any) -> Any:
        rows = [
            {
                **row,
                "attribute_status": "UnknownComponent"
                if "evse" in row["component"]
                else "Accepted",
                "attribute_value": self.enabled,
            }
            for row in get_variable_data
        ]
        return call_result.GetVariables(rows)

    @on("SetVariables")
    def on_set(self, set_variable_data: Any, **_: Any) -> Any:
        (row,) = set_variable_data
        value = row.pop("attribute_value")
        if self.set_status == "Accepted":
            self.enabled = value
        return call_result.SetVariables([{**row, "attribute_status": self.set_status}])

    @on("GetInstalledCertificateIds")
    def on_ids(self, **_: Any) -> Any:
        if not self.chains:
            return call_result.GetInstalledCertificateIds("NotFound")
        return call_result.GetInstalledCertificateIds(
            "Accepted", certificate_hash_data_chain=list(self.chains)
        )

    @on("CertificateSigned")
    def on_signed(self, certificate_chain: str, **_: Any) -> Any:
        leaf, issuer = read_chain(certificate_chain)[:2]
        self.chains = (*self.chains, row_of(hash_data(leaf, issuer)))
        return call_result.CertificateSigned("Accepted")

    @on("InstallCertificate")
    def on_install(self, **payload: Any) -> Any:
        self.told.append(("install", payload))
        return call_result.InstallCertificate("Accepted")

    @on("DeleteCertificate")
    def on_delete(self, certificate_hash_data: Any) -> Any:
        left = tuple(c for c in self.chains if c["certificate_hash_data"] != certificate_hash_data)
        found = len(left) < len(self.chains)
        self.chains = left
        return call_result.DeleteCertificate("Accepted" if found else "NotFound")

    @on("TriggerMessage")
    def on_trigger(self, **payload: Any) -> Any:
        self.told.append(("trigger", payload))
        return call_result.TriggerMessage("Accepted")

    async def sign(self) -> None:
        csr = make_csr(KEY, "DE-ABC-S-CP201")
        await self.call(call.SignCertificate(csr, "V2GCertificate"), suppress=False)


class Plugged16(Station16):
    """A 1.6 station that knows the application note."""

    enabled = "true"
    chains: tuple[dict[str, Any], ...] = ()

    @on("GetConfiguration")
    def on_get(self, **_: Any) -> Any:
        row = {"key": "ISO15118PnCEnabled", "readonly": False, "value": self.enabled}
        return result16.GetConfiguration([row])

    @on("ChangeConfiguration")
    def on_change(self, key: str, value: str) -> Any:
        assert key == "ISO15118PnCEnabled"
        self.enabled = value
        return result16.ChangeConfiguration("Accepted")

    @on("DataTransfer")
    def on_data(self, **payload: Any) -> Any:
        self.told.append((payload["message_id"], json.loads(payload["data"])))
        answer: dict[str, Any] = {"status": "Accepted" if self.chains else "NotFound"}
        if payload["message_id"] == "GetInstalledCertificateIds" and self.chains:
            answer["certificateHashDataChain"] = list(self.chains)
        elif payload["message_id"] != "GetInstalledCertificateIds":
            answer["status"] = "Accepted"
        return result16.DataTransfer("Accepted", json.dumps(answer))


def row_of(hashes: dict[str, Any], kind: str = "V2GCertificateChain") -> dict[str, Any]:
    """A CertificateHashDataChain as the package spells it."""
    names = {
        "hashAlgorithm": "hash_algorithm",
        "issuerNameHash": "issuer_name_hash",
        "issuerKeyHash": "issuer_key_hash",
        "serialNumber": "serial_number",
    }
    return {
        "certificate_type": kind,
        "certificate_hash_data": {names[name]: value for name, value in hashes.items()},
    }


def installed(world: PncWorld, clock: Clock) -> dict[str, Any]:
    """Hash data of a SECC certificate that the CPO knows nothing of."""
    secc = world.pki.issue("SECC", "SECC9", clock.now(), world.chance)
    return hash_data(secc.certificate, secc.chain[1])


def says(world: PncWorld, uid: str = "E3") -> Any:
    """What the EVSE's connector says here."""
    evse = world.cpo.sites.evse("LOC1", uid)
    assert evse is not None
    return evse["connectors"][0].get("capabilities", [])


@asynccontextmanager
async def plugged(world: PncWorld, clock: Clock, **how: Any) -> AsyncIterator[Plugged]:
    """A 2.0.1 station, booted and asked."""
    async with station201(world.cpo, clock, kind=Plugged) as station:
        vars(station).update(how)
        await station.boot()
        await world.told("station.asked", request="GetPnc")
        await clock.sleep(1)
        yield station


def patches(world: PncWorld) -> list[Any]:
    """What the peer was told of connectors: the PATCHes with capabilities."""
    bodies = [body for method, body in world.emsp.of("locations") if method == "PATCH"]
    return [body["capabilities"] for body in bodies if "capabilities" in body]


async def test_it_is_offered_when_it_is_on_and_a_chain_is_there(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, plugged(world, clock) as station:
        assert says(world) == []  # no chain yet
        await station.sign()
        await clock.sleep(1)
        assert says(world) == [WORD]
        assert says(world, "E1") == []
        assert patches(world) == [[WORD]]
        evse = world.cpo.sites.evse("LOC1", "E3")
        location = world.cpo.sites.location("LOC1")
        assert evse is not None
        assert location is not None
        moments = {evse["connectors"][0]["last_updated"], evse["last_updated"]}
        assert moments == {location["last_updated"]}
        seen = {row["id"]: row["plug_and_charge"] for row in world.cpo.snapshot()["stations"]}
        assert seen == {"CP16": {}, "CP201": {"E3": [WORD]}}

        assert await world.cpo.set_pnc("CP201", False) == "ACCEPTED"
        await clock.sleep(1)
        assert says(world) == []
        assert await world.cpo.set_pnc("CP201", True) == "ACCEPTED"
        await clock.sleep(1)
        assert patches(world) == [[WORD], [], [WORD]]


async def test_a_switch_that_is_refused_changes_nothing(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, plugged(world, clock) as station:
        await station.sign()
        await clock.sleep(1)
        station.set_status = "Rejected"
        assert await world.cpo.set_pnc("CP201", False) == "REJECTED"
        assert says(world) == [WORD]


async def test_a_chain_that_is_deleted_takes_it_away(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, plugged(world, clock) as station:
        await station.sign()
        await clock.sleep(1)
        (row,) = await world.cpo.installed_certificates("CP201", "V2GCertificateChain")
        other = {**row["certificateHashData"], "serialNumber": "1"}
        assert await world.cpo.delete_certificate("CP201", other) == "REJECTED"
        assert says(world) == [WORD]
        assert await world.cpo.delete_certificate("CP201", row["certificateHashData"]) == "ACCEPTED"
        await clock.sleep(1)
        assert says(world) == []
        assert patches(world) == [[WORD], []]


async def test_a_chain_that_expires_takes_it_away_on_the_worlds_clock(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world:
        async with plugged(world, clock) as station:
            await station.sign()
            await clock.sleep(1)
        # The station is away meanwhile: two months of pings would take their time.
        (chain,) = world.cpo.csms.plugs.of("CP201").chains
        assert chain.until is not None
        lasts = chain.until - clock.now()
        assert timedelta(days=59) < lasts < timedelta(days=61)
        await clock.sleep((lasts - timedelta(seconds=1)).total_seconds())
        assert says(world) == [WORD]
        await clock.sleep(3)
        assert says(world) == []
        assert patches(world) == [[WORD], []]
        async with plugged(world, clock, chains=station.chains) as again:
            assert says(world) == []  # it is still there, and still expired
            await again.sign()
            await clock.sleep(1)
            assert says(world) == [WORD]


async def test_what_the_station_brought_is_asked_after_its_boot(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    """Of a chain that we did not have issued no dates are known: the station's word is taken."""
    async with pnc_world(clock, chance, journal) as world:
        chains = (row_of(installed(world, clock)),)
        async with plugged(world, clock, chains=chains) as station:
            assert says(world) == [WORD]
            event = {
                "event_id": 1,
                "timestamp": station.now,
                "trigger": "Delta",
                "actual_value": "false",
                "component": COMPONENT,
                "event_notification_type": "HardWiredNotification",
                "variable": {"name": "PnCEnabled"},
            }
            await station.call(call.NotifyEvent(station.now, 0, [event]), suppress=False)
            assert says(world) == []
            row = {
                "component": COMPONENT,
                "variable": {"name": "PnCEnabled"},
                "variable_attribute": [{"value": "true"}],
            }
            report = call.NotifyReport(1, station.now, 0, report_data=[row])
            await station.call(report, suppress=False)
            assert says(world) == [WORD]


@pytest.mark.parametrize(
    ("how", "offered"),
    [
        ({"enabled": "false"}, False),
        ({"kind": "MORootCertificate"}, False),
        ({}, True),
    ],
)
async def test_what_a_station_must_have(
    how: dict[str, str], offered: bool, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world:
        kind = how.get("kind", "V2GCertificateChain")
        chains = (row_of(installed(world, clock), kind),)
        async with plugged(world, clock, chains=chains, enabled=how.get("enabled", "true")):
            assert says(world) == ([WORD] if offered else [])


async def test_a_16_station_too(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with (
        pnc_world(clock, chance, journal) as world,
        station16(world.cpo, clock, kind=Plugged16) as station,
    ):
        hashes = installed(world, clock)
        chain = {"certificateType": "V2GCertificateChain", "certificateHashData": hashes}
        station.chains = (chain,)
        await station.boot()
        await clock.sleep(1)
        assert (says(world, "E1"), says(world, "E2")) == ([WORD], [WORD])
        assert await world.cpo.set_pnc("CP16", False) == "ACCEPTED"
        assert says(world, "E1") == []
        assert await world.cpo.installed_certificates("CP16") == [chain]
        root = pem(world.pki.roots("MO")[0])
        done = await world.cpo.install_certificate("CP16", "MORootCertificate", root)
        assert done == "ACCEPTED"
        assert await world.cpo.trigger_sign("CP16") == "ACCEPTED"
        assert station.told[-2:] == [
            ("InstallCertificate", {"certificateType": "MORootCertificate", "certificate": root}),
            ("TriggerMessage", {}),
        ]


async def test_the_other_verbs(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with pnc_world(clock, chance, journal) as world, plugged(world, clock) as station:
        root = pem(world.pki.roots("V2G")[0])
        done = await world.cpo.install_certificate("CP201", "V2GRootCertificate", root)
        assert done == "ACCEPTED"
        assert await world.cpo.trigger_sign("CP201") == "ACCEPTED"
        assert station.told == [
            ("install", {"certificate_type": "V2GRootCertificate", "certificate": root}),
            ("trigger", {"requested_message": "SignV2GCertificate"}),
        ]
        assert await world.cpo.trigger_sign("NOBODY") == "FAILED"
        assert await world.cpo.installed_certificates("NOBODY") == []


async def test_both_editions_may_be_spoken(clock: Clock, chance: Chance, journal: Journal) -> None:
    stations = [
        entry if entry.id != "CP201" else replace(entry, iso15118=("2", "20"))
        for entry in CONFIG.stations
    ]
    async with pnc_world(clock, chance, journal, stations=stations) as world:
        assert all(isinstance(entry, StationEntry) for entry in stations)
        async with plugged(world, clock) as station:
            await station.sign()
            await clock.sleep(1)
            assert says(world) == [WORD, WORD_20]


@pytest.mark.parametrize("version", ["2.1.1", "2.2", "2.2.1"])
async def test_peers_of_every_version_hear_of_it(
    version: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal, versions=(version,)) as world:
        async with plugged(world, clock) as station:
            await station.sign()
            await clock.sleep(1)
            assert patches(world) == [[WORD]]
        await world.cpo._locations.tell_all(world.cpo.peers.registered()[0])
        whole = [body for method, body in world.emsp.of("locations") if method == "PUT"][-1]
        connectors = {e["uid"]: e["connectors"][0].get("capabilities") for e in whole["evses"]}
        assert connectors == {"E1": None, "E2": None, "E3": [WORD]}
        assert "capabilities" not in str(whole["evses"][0]["connectors"])


async def test_a_patch_that_is_not_taken_is_followed_by_the_whole_evse(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, plugged(world, clock) as station:

        async def refuse(ctx: Ctx) -> Result | None:
            return Result(status_code=2000) if ctx.method == "PATCH" else None

        world.emsp.misbehave = refuse
        await station.sign()
        await clock.sleep(1)
        (evse,) = [b for m, b in world.emsp.of("locations") if m == "PUT" and "uid" in b]
        assert evse["connectors"][0]["capabilities"] == [WORD]


async def test_it_outlives_a_restart(
    tmp_path: Path, clock: Clock, chance: Chance, journal: Journal
) -> None:
    path = tmp_path / "book.db"
    async with (
        pnc_world(clock, chance, journal, database=path) as world,
        plugged(world, clock) as station,
    ):
        await station.sign()
        await clock.sleep(1)
        after = crashed(path)
    async with pnc_world(clock, chance, journal, database=after, registered=False) as world:
        assert says(world) == [WORD]
        await clock.sleep(timedelta(days=61).total_seconds())  # and its end is still to come
        assert says(world) == []


async def test_the_mock_peers_rule_is_satisfied(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    (rule,) = [rule for rule in RULES if rule.id == "location.pnc-capability"]
    async with pnc_world(clock, chance, journal) as world, plugged(world, clock) as station:
        await station.sign()
        await clock.sleep(1)
        await world.cpo._locations.tell_all(world.cpo.peers.registered()[0])
        judged = {"connector": 0, "location": 0}
        for _, body in world.emsp.of("locations"):
            kind = "location" if "evses" in body else "connector"
            for on_what, check in rule.checks.items():
                if str(on_what).split(".")[-1].lower() == kind:
                    judged[kind] += 1
                    assert list(check(body, None)) == []  # type: ignore[arg-type]
        assert min(judged.values()) >= 1
