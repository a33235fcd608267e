"""Cars with contracts at a station, towards a CSMS that is not ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.loop import run
from simulator.pki.hierarchy import Issued
from simulator.pki.installation import exi_text, read_exi_text, read_request, seal
from simulator.station.certificate_kinds import Signing
from simulator.station.certificate_records import Own
from simulator.station.config import ConnectorConfig, EvseConfig, PncConfig
from simulator.station.plug_tls import shake_hands
from simulator.wire.ocpp_rpc import OcppVersion
from tests.simulator.station.certificate_box import NOW, OCSP, box, root
from tests.simulator.station.csms import actions, events, flaws, sent, world
from tests.simulator.station.pnc_box import (
    ALL,
    DIALECTS,
    EMAID,
    NOTE,
    SECC_ID,
    V16,
    V201,
    answer,
    asked,
    car,
    contract,
    options,
    provisioning,
    secc,
    shown,
    started,
    steps,
    told,
)


@pytest.mark.parametrize(("version", "pnc"), DIALECTS)
async def test_a_car_charges_without_a_card(
    clock: Clock, journal: Journal, version: OcppVersion, pnc: PncConfig
) -> None:
    async with world(clock, journal, version, **options(pnc=pnc)) as (station, _):
        await station.plug(1, car())
        await clock.sleep(30)
        seen = station.snapshot()["evses"][0]
        assert (seen["state"], seen["token"]) == ("charging", EMAID)
        await station.unplug(1)
        assert station.snapshot()["evses"][0]["pnc"] is None
        await clock.sleep(1)
    (question,) = asked(journal, version)
    hashes = question.pop("iso15118CertificateHashData")
    named = {"idToken": EMAID} if pnc is NOTE and version is V16 else None
    assert question == {"idToken": named or {"idToken": EMAID, "type": "eMAID"}}
    assert [row["responderURL"] for row in hashes] == [OCSP] * 3
    assert started(journal, version) == [
        EMAID if version is V16 else {"idToken": EMAID, "type": "eMAID"}
    ]
    assert steps(journal) == [*ALL, "answered", "accepted"]
    assert told(journal, "tls") == {
        "evse": 1,
        "leaf": f"DC=CPO,CN={SECC_ID},O=roamlab",
        "certificates": 3,
        "socket": True,
        "protocol": "TLSv1.2",
        "cipher": "ECDHE-ECDSA-AES128-SHA256",
        "refused": None,
    }
    assert told(journal, "began")["note"].startswith("car and station exchange no ISO 15118")
    assert told(journal, "examined")["chain"] == "good"
    assert events(journal, "transaction.started")[0]["by"] == "contract"
    assert ("Authorize" in actions(journal)) == (version is V201)
    assert seen["pnc"] == {
        "iso15118": "2",
        "emaid": EMAID,
        "tls": "TLSv1.2",
        "installed": False,
        "chain": "good",
        "shown": "hashes",
        "why": "local",
        "certificate_status": "Accepted",
        "status": "Accepted",
        "state": "accepted",
        "ocpp": {
            ("2.0.1", "note"): f"Authorize, idToken {EMAID} of type eMAID",
            ("1.6", "note"): f"DataTransfer Authorize in the note's shape, then idTag {EMAID}",
            ("1.6", "libocpp"): "DataTransfer Authorize in 2.0.1's shape, then idTag " + EMAID,
        }[str(version), pnc.spelling],
    }
    assert not flaws(journal)
    assert "PRIVATE KEY" not in str(journal.records)


# The car judges the station


@pytest.mark.parametrize("tls", [True, False])
@pytest.mark.parametrize(
    ("own", "roots", "why"),
    [
        (secc(now=NOW - timedelta(days=3), valid_for=timedelta(days=2)), None, "expired"),
        (None, (root("V2G", 8),), "issuer"),
        (None, (), "root"),
    ],
    ids=["expired leaf", "unknown root", "no root"],
)
async def test_a_car_does_not_trust_any_station(
    clock: Clock, journal: Journal, tls: bool, own: Any, roots: Any, why: str
) -> None:
    settings = options(own=own, pnc=replace(NOTE, tls=tls))
    fields = {} if roots is None else {"v2g_roots": roots}
    async with world(clock, journal, V201, **settings) as (station, _):
        await station.plug(1, car(**fields))
        await clock.sleep(2)
        assert shown(station)["state"] == "refused"
        assert await station.tap(1, "04A1")
        await clock.sleep(1)
    assert steps(journal) == ["began", "tls", "refused"]
    assert why in told(journal, "tls")["refused"]
    assert told(journal, "tls")["socket"] is tls
    assert told(journal, "refused")["why"].startswith("the car does not trust the station: ")
    assert [each["idToken"]["idToken"] for each in sent(journal, "Authorize")] == ["04A1"]


async def test_a_certificate_that_is_no_station_s_is_not_trusted(
    clock: Clock, journal: Journal
) -> None:
    """TLS would take it; ISO 15118 wants DC=CPO."""
    issued = box().issue("CSMS", "127.0.0.1", NOW, Chance(4))
    own = Own(Signing.V2G, issued.chain, root("CSMS"), issued.key)
    seen = await shake_hands(own, (root("CSMS"),), "20", clock)
    assert seen.protocol == "TLSv1.3"
    assert seen.refused == "'127.0.0.1' is no certificate of a station: its DC is not CPO"


async def test_the_newest_edition_that_the_car_likes(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201, **options()) as (station, _):
        await station.plug(1, car(iso15118=("20", "2")))
        await clock.sleep(1)
        assert shown(station)["state"] == "accepted"
    assert told(journal, "began")["iso15118"] == "20"
    assert told(journal, "tls")["protocol"] == "TLSv1.3"


# Where it is not offered


@pytest.mark.parametrize(
    ("how", "fields", "why"),
    [
        ({"pnc_enabled": "false"}, {}, "Plug & Charge is switched off"),
        ({"pnc": replace(NOTE, iso15118=("20",))}, {}, "car and station have no edition"),
        ({}, {"iso15118": ()}, "car and station have no edition"),
    ],
)
async def test_it_is_told_why_it_is_not_offered(
    clock: Clock, journal: Journal, how: dict[str, Any], fields: dict[str, Any], why: str
) -> None:
    async with world(clock, journal, V201, **options(**how)) as (station, _):
        await station.plug(1, car(**fields))
        assert await station.tap(1, "04A1")
    assert steps(journal) == ["not_offered"]
    assert told(journal, "not_offered")["why"].startswith(why)


async def test_a_connector_may_be_without(clock: Clock, journal: Journal) -> None:
    evses = (EvseConfig(1, (ConnectorConfig(pnc=False),)), EvseConfig(2))
    async with world(clock, journal, V201, evses=evses, **options()) as (station, _):
        await station.plug(1, car())
        await station.plug(2, car())
        await clock.sleep(1)
        states = [evse["pnc"]["state"] for evse in station.snapshot()["evses"]]
    assert states == ["not offered", "accepted"]
    assert told(journal, "not_offered")["why"] == "Plug & Charge is switched off at this connector"


async def test_without_a_certificate_of_its_own(clock: Clock, journal: Journal) -> None:
    bare = {**options(), "certificates": ()}
    async with world(clock, journal, V201, **bare) as (station, _):
        await station.plug(1, car())
    assert told(journal, "not_offered")["why"] == "the station has no V2G certificate"


async def test_stations_and_cars_without_it_know_nothing_of_it(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V201) as (station, _):
        await station.plug(1, car())
        assert station.snapshot()["evses"][0]["pnc"] is None
    other = Journal(clock)
    async with world(clock, other, V201, **options()) as (station, _):
        await station.plug(1)
        assert station.snapshot()["evses"][0]["pnc"] is None
    assert not steps(journal)
    assert not steps(other)


# Power


async def test_a_car_that_was_there_before_the_station(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201, ready=False, **options()) as (station, _):
        await station.plug(1, car())
        await clock.sleep(1)
        assert not steps(journal)
        await station.start()
        await station.wait_ready(5)
        await clock.sleep(1)
        assert shown(station)["state"] == "accepted"


async def test_a_power_cut_ends_all(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201, **options()) as (station, csms):
        csms.delays_s["Authorize"] = 20
        await station.plug(1, car())
        await clock.sleep(2)
        await station.power_cut(30)
        await clock.sleep(25)
        assert steps(journal) == ALL
        csms.delays_s.clear()
        await clock.sleep(60)
        assert steps(journal) == [*ALL, *ALL, "answered", "accepted"]
    assert not events(journal, "ocpp.chore_failed")


async def test_after_a_power_cut_the_same_cable_does_not_begin_again(
    clock: Clock, journal: Journal
) -> None:
    """As with cards: it has had its transaction."""
    async with world(clock, journal, V201, **options()) as (station, _):
        await station.plug(1, car())
        await clock.sleep(10)
        await station.power_cut(30)
        await clock.sleep(120)
        assert station.snapshot()["evses"][0]["state"] == "finishing"
    assert steps(journal) == [*ALL, "answered", "accepted"]


# Installation


@pytest.mark.parametrize(("version", "pnc"), DIALECTS)
async def test_a_car_without_a_contract_gets_one_and_keeps_it(
    clock: Clock, journal: Journal, version: OcppVersion, pnc: PncConfig
) -> None:
    async with world(clock, journal, version, **options(pnc=pnc)) as (station, csms):
        csms.pool = answer
        mine = car(provisioning=provisioning())
        await station.plug(1, mine)
        await clock.sleep(2)
        assert (shown(station)["state"], shown(station)["installed"]) == ("accepted", True)
        assert shown(station)["emaid"] == EMAID
        await station.unplug(1)
        await clock.sleep(2)
        assert mine.contract is not None
        assert mine.contract.emaid == EMAID
        await station.plug(1, mine)
        await clock.sleep(2)
        assert (shown(station)["state"], shown(station)["installed"]) == ("accepted", False)
    (question,) = asked(journal, version, "Get15118EVCertificate")
    assert question["iso15118SchemaVersion"] == "urn:iso:15118:2:2013:MsgDef"
    assert question["action"] == "Install"
    installed = told(journal, "installed")
    assert (installed["emaid"], installed["valid_until"][:4]) == (EMAID, "2028")
    assert len(started(journal, version)) == 2
    assert not flaws(journal)


async def test_a_contract_that_soon_ends_is_updated(clock: Clock, journal: Journal) -> None:
    old = contract(valid_for=timedelta(days=20))
    async with world(clock, journal, V201, **options()) as (station, csms):
        csms.pool = answer
        mine = car(old)
        await station.plug(1, mine)
        await clock.sleep(2)
        assert shown(station)["state"] == "accepted"
    assert asked(journal, V201, "Get15118EVCertificate")[0]["action"] == "Update"
    assert mine.contract is not None
    assert mine.contract.certificate != old.certificate


async def test_an_update_that_fails_leaves_the_old_contract(clock: Clock, journal: Journal) -> None:
    old = contract(valid_for=timedelta(days=20))
    async with world(clock, journal, V201, **options()) as (station, _):
        mine = car(old)
        await station.plug(1, mine)
        await clock.sleep(2)
        assert shown(station)["state"] == "accepted"
        assert mine.contract is old
    assert told(journal, "not_installed")["why"] == "the CSMS says Failed"


def _garbage(_: str) -> dict[str, Any]:
    return {"status": "Accepted", "exiResponse": "AAAA"}


def _no_base64(_: str) -> dict[str, Any]:
    return {"status": "Accepted", "exiResponse": "not base64!"}


def _failed(_: str) -> dict[str, Any]:
    info = {"reasonCode": "NoContract"}
    return {"status": "Failed", "exiResponse": "", "statusInfo": info}


def _empty(_: str) -> dict[str, Any]:
    return {"status": "Accepted", "exiResponse": ""}


def _for_another(request: str) -> dict[str, Any]:
    other = box(8).chain("OEM_SUB2")[0]
    return answer(request, for_whom=other)


@pytest.mark.parametrize(
    ("pool", "why"),
    [
        (_failed, "the CSMS says Failed: NoContract"),
        (_empty, "the CSMS says Accepted, and sends nothing"),
        (_garbage, "not one of roamlab's bodies"),
        (_no_base64, "not base64"),
        (_for_another, "the delivered key"),
    ],
    ids=["failed", "empty", "garbage", "no base64", "for another"],
)
@pytest.mark.parametrize("version", [V16, V201], ids=str)
async def test_an_installation_that_fails_ends_in_eim(
    clock: Clock, journal: Journal, version: OcppVersion, pool: Any, why: str
) -> None:
    async with world(clock, journal, version, **options()) as (station, csms):
        csms.pool = pool
        mine = car(provisioning=provisioning())
        await station.plug(1, mine)
        await clock.sleep(2)
        assert mine.contract is None
        assert await station.tap(1, "04A1")
    assert why in told(journal, "not_installed")["why"]
    assert told(journal, "refused")["why"].startswith("no contract: ")


async def test_an_oversized_answer_is_not_installed(clock: Clock, journal: Journal) -> None:
    """1.6: within DataTransfer nothing else limits it."""
    async with world(clock, journal, V16, **options()) as (station, csms):
        csms.pool = lambda _: {"status": "Accepted", "exiResponse": "A" * 5604}
        await station.plug(1, car(provisioning=provisioning()))
        await clock.sleep(2)
    assert "5604 characters" in told(journal, "not_installed")["why"]


async def test_a_pool_has_five_seconds(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201, **options()) as (station, csms):
        csms.pool = answer
        csms.delays_s["Get15118EVCertificate"] = 6
        mine = car(provisioning=provisioning())
        await station.plug(1, mine)
        await clock.sleep(5.1)
        assert steps(journal)[-3:] == ["timed_out", "not_installed", "refused"]
        await clock.sleep(10)
        assert mine.contract is None
        assert steps(journal)[-1] == "answered_late"
    assert "waiting" not in steps(journal)


async def test_installation_may_be_switched_off(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201, **options(contract_installation="false")) as (
        station,
        _,
    ):
        await station.plug(1, car(provisioning=provisioning()))
        await clock.sleep(2)
    assert not asked(journal, V201, "Get15118EVCertificate")
    assert told(journal, "refused")["why"] == (
        "no contract: ContractCertificateInstallationEnabled is false"
    )


async def test_a_car_that_knows_another_root_installs_nothing(
    clock: Clock, journal: Journal
) -> None:
    """The service that signed is of a PKI that the car does not know; the station's it does."""

    def foreign(request: str) -> dict[str, Any]:
        asked = read_request(read_exi_text(request))
        pki = box(8)
        service = Issued(pki.chain("CPS"), pki.key("CPS"))
        body = seal(contract(seed=8), asked.chain[0], service, Chance(36))
        return {"status": "Accepted", "exiResponse": exi_text(body)}

    async with world(clock, journal, V201, **options()) as (station, csms):
        csms.pool = foreign
        await station.plug(1, car(provisioning=provisioning()))
        await clock.sleep(2)
    assert "may not provide contracts" in told(journal, "not_installed")["why"]


# The same again


@pytest.mark.parametrize("version", [V16, V201], ids=str)
def test_the_same_seed_gives_the_same_journal(version: OcppVersion) -> None:
    """TLS and its random numbers included."""

    async def play(clock: Clock, journal: Journal) -> None:
        async with world(clock, journal, version, **options()) as (station, csms):
            csms.pool = answer
            await station.plug(1, car(provisioning=provisioning()))
            await station.plug(2, car(iso15118=("20",)))
            await clock.sleep(60)
            await station.unplug(1)
            await clock.sleep(10)

    def run_once() -> list[str]:
        clock = Clock("virtual")
        journal = Journal(clock, seed=42, world="test")
        run(play(clock, journal), clock)
        assert steps(journal).count("accepted") == 2
        return list(map(str, journal.records))

    first = run_once()
    for number in range(5):
        again = run_once()
        # Where they part, for that tells why.
        parted = [(number, *pair) for pair in zip(first, again, strict=False) if len(set(pair)) > 1]
        assert parted[:2] == [] and len(again) == len(first)
