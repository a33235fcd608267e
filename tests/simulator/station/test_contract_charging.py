"""Cars with contracts at a station, towards a CSMS that is not ours: good and bad, all dialects."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal
from simulator.kernel.loop import run
from simulator.pki.certificates import pem_chain, read_chain
from simulator.pki.hierarchy import Issued
from simulator.pki.installation import exi_text, read_exi_text, read_request, seal
from simulator.station.authorization import IdToken, TokenInfo
from simulator.station.certificate_kinds import Signing
from simulator.station.certificate_records import Own
from simulator.station.config import ConnectorConfig, EvseConfig, PncConfig
from simulator.station.plug_tls import shake_hands
from simulator.station.run import Station
from simulator.wire.ocpp_rpc import OcppVersion
from tests.simulator.station.certificate_box import NOW, OCSP, box, root
from tests.simulator.station.csms import actions, events, flaws, sent, world
from tests.simulator.station.pnc_box import (
    EMAID,
    SECC_ID,
    answer,
    car,
    contract,
    options,
    provisioning,
    secc,
    steps,
    told,
)

V16, V201 = OcppVersion.V16, OcppVersion.V201
NOTE, LIBOCPP = PncConfig(secc_id=SECC_ID), PncConfig(secc_id=SECC_ID, spelling="libocpp")
DIALECTS = [
    pytest.param(V201, NOTE, id="2.0.1"),
    pytest.param(V16, NOTE, id="1.6 note"),
    pytest.param(V16, LIBOCPP, id="1.6 libocpp"),
]
ALL = ["began", "tls", "challenge", "examined"]


def asked(journal: Journal, version: OcppVersion, action: str = "Authorize") -> list[Any]:
    """What the station asked about contracts, out of its wrapping."""
    if version is V201:
        return sent(journal, action)
    wrapped = [each for each in sent(journal, "DataTransfer") if each["messageId"] == action]
    return [json.loads(each["data"]) for each in wrapped]


def started(journal: Journal, version: OcppVersion) -> list[Any]:
    """The identifiers that transactions began with."""
    if version is V16:
        return [each["idTag"] for each in sent(journal, "StartTransaction")]
    return [each["idToken"] for each in sent(journal, "TransactionEvent") if "idToken" in each]


def shown(station: Station) -> dict[str, Any]:
    """What a display shows."""
    found: dict[str, Any] = station.snapshot()["evses"][0]["pnc"]
    return found


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


@pytest.mark.parametrize(("version", "pnc"), DIALECTS)
@pytest.mark.parametrize(
    ("status", "certificate_status"),
    [
        ("Invalid", "CertificateRevoked"),
        ("Expired", "CertificateExpired"),
        ("Blocked", "ContractCancelled"),
        ("Invalid", "CertChainError"),
        ("Blocked", "Accepted"),
        ("Accepted", "CertificateRevoked"),
    ],
)
async def test_both_statuses_of_the_csms_count(
    clock: Clock,
    journal: Journal,
    version: OcppVersion,
    pnc: PncConfig,
    status: str,
    certificate_status: str,
) -> None:
    async with world(clock, journal, version, **options(pnc=pnc)) as (station, csms):
        csms.answers["Authorize"] = {
            "idTokenInfo": {"status": status},
            "certificateStatus": certificate_status,
        }
        await station.plug(1, car())
        await clock.sleep(2)
        assert shown(station)["state"] == "refused"
        assert shown(station)["certificate_status"] == certificate_status
        assert not started(journal, version)
        assert await station.tap(1, "04A1")  # a card still may
        await clock.sleep(2)
        assert station.snapshot()["evses"][0]["state"] == "charging"
    assert told(journal, "refused") == {
        "evse": 1,
        "emaid": EMAID,
        "why": "the CSMS refuses",
        "status": status,
        "certificate_status": certificate_status,
        "then": "EIM",
    }
    assert not flaws(journal)


@pytest.mark.parametrize(("version", "pnc"), DIALECTS)
async def test_without_the_root_the_csms_gets_the_certificates(
    clock: Clock, journal: Journal, version: OcppVersion, pnc: PncConfig
) -> None:
    """C07.FR.06, where it is allowed; else nothing is sent."""
    held = contract()
    central = options(mo=False, pnc=pnc, central_contract_validation="true")
    async with world(clock, journal, version, **central) as (station, _):
        await station.plug(1, car(held))
        await clock.sleep(2)
        assert shown(station)["state"] == "accepted"
    (question,) = asked(journal, version)
    assert "iso15118CertificateHashData" not in question
    assert read_chain(question["certificate"]) == list(held.chain)
    assert told(journal, "examined")["why"] == "central"

    other = Journal(clock)
    async with world(clock, other, version, **options(mo=False, pnc=pnc)) as (station, _):
        await station.plug(1, car())
        await clock.sleep(2)
    assert not asked(other, version)
    assert told(other, "refused") == {
        "evse": 1,
        "emaid": EMAID,
        "why": "local_no_root",
        "status": "Invalid",
        "then": "EIM",
    }


@pytest.mark.parametrize(("version", "pnc"), DIALECTS)
async def test_without_a_responder_the_certificates_go(
    clock: Clock, journal: Journal, version: OcppVersion, pnc: PncConfig
) -> None:
    held = contract(ocsp=False)
    async with world(clock, journal, version, **options(pnc=pnc)) as (station, _):
        await station.plug(1, car(held))
        await clock.sleep(2)
        assert shown(station)["state"] == "accepted"
    (question,) = asked(journal, version)
    assert question["certificate"] == pem_chain(held.chain)
    assert told(journal, "examined")["why"] == "local_no_responder"


async def test_a_station_may_show_both(clock: Clock, journal: Journal) -> None:
    both = options(pnc=replace(NOTE, shows_both=True), central_contract_validation="true")
    async with world(clock, journal, V201, **both) as (station, _):
        await station.plug(1, car())
        await clock.sleep(2)
        assert shown(station)["shown"] == "certificate and hashes"
    (question,) = asked(journal, V201)
    assert {"certificate", "iso15118CertificateHashData"} < set(question)
    assert not flaws(journal)


@pytest.mark.parametrize("version", [V16, V201], ids=str)
@pytest.mark.parametrize(
    ("shown_contract", "status", "why"),
    [
        (contract(now=NOW - timedelta(hours=3), valid_for=timedelta(hours=1)), "Expired",
         "local_expired"),
        (contract(seed=8), "Invalid", "local_no_root"),
        (contract(not_before=NOW + timedelta(days=3)), "Invalid", "local_not_valid"),
        (replace(contract(), key=contract("DE8PSC999999999").key), "Invalid",
         "the signature over the challenge is not by the contract's key"),
        (replace(contract(), emaid="DE8PSC999999999"), "Invalid",
         f"the certificate is of '{EMAID}', and the car says 'DE8PSC999999999'"),
    ],
    ids=["expired", "wrong root", "too early", "wrong key", "wrong name"],
)  # fmt: skip
async def test_what_the_station_refuses_by_itself(
    clock: Clock,
    journal: Journal,
    version: OcppVersion,
    shown_contract: Any,
    status: str,
    why: str,
) -> None:
    async with world(clock, journal, version, **options()) as (station, _):
        await station.plug(1, car(shown_contract))
        await clock.sleep(2)
        assert (shown(station)["state"], shown(station)["status"]) == ("refused", status)
        assert await station.tap(1, "04A1")
    refused = told(journal, "refused")
    assert (refused["status"], refused["why"]) == (status, why)
    assert not asked(journal, version) or version is V201  # the card's own
    assert [each["idToken"]["type"] for each in sent(journal, "Authorize") if version is V201] in (
        [],
        ["ISO14443"],
    )


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


# Patience


async def test_the_car_waits_five_seconds_and_is_asked_to_go_on(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V201, **options()) as (station, csms):
        csms.delays_s["Authorize"] = 12
        await station.plug(1, car())
        await clock.sleep(4.9)
        assert steps(journal) == ALL
        await clock.sleep(0.2)
        assert steps(journal) == [*ALL, "waiting"]
        assert shown(station)["state"] == "asking"
        await clock.sleep(8)
        assert shown(station)["state"] == "accepted"
    waiting = told(journal, "waiting")
    assert (waiting["after_s"], waiting["at_most_s"]) == (5.0, 60.0)
    assert told(journal, "answered")["elapsed_s"] == 12.0


async def test_after_a_minute_the_car_gives_up_and_a_late_answer_counts_no_more(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V201, **options(message_timeout_s="120")) as (station, csms):
        csms.delays_s["Authorize"] = 61
        await station.plug(1, car())
        await clock.sleep(59.9)
        assert steps(journal) == [*ALL, "waiting"]
        await clock.sleep(0.2)
        assert steps(journal) == [*ALL, "waiting", "timed_out", "refused"]
        await clock.sleep(60)
        assert station.snapshot()["evses"][0]["state"] == "plugged"
        assert steps(journal)[-1] == "answered_late"
        assert not len(station.memory.cache)
    assert told(journal, "refused")["why"] == "no answer within 60 s"
    assert not started(journal, V201)


async def test_of_a_car_that_has_gone_nothing_more_is_told(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201, **options()) as (station, csms):
        csms.delays_s["Authorize"] = 8
        await station.plug(1, car())
        await clock.sleep(2)
        await station.unplug(1)
        await station.plug(1)  # a car without
        await clock.sleep(20)
        assert station.snapshot()["evses"][0]["state"] == "plugged"
    assert steps(journal) == ALL
    assert not events(journal, "ocpp.chore_failed")


async def test_a_message_timeout_is_like_being_offline(clock: Clock, journal: Journal) -> None:
    """As for cards: who gets no answer decides alone."""
    settings = options(message_timeout_s="10", allow_offline_unknown="true")
    async with world(clock, journal, V201, **settings) as (station, csms):
        csms.silent.add("Authorize")
        await station.plug(1, car())
        await clock.sleep(11)
        assert shown(station)["why"] == "offline_unknown"
        assert shown(station)["state"] == "accepted"
    assert [e["online"] for e in events(journal, "pnc.examined")] == [True, False]


async def test_a_card_may_overtake(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201, **options()) as (station, csms):
        csms.delays_s["Authorize"] = 8
        await station.plug(1, car())
        await clock.sleep(2)
        assert await station.tap(1, "04A1")
        await clock.sleep(10)
        assert station.snapshot()["evses"][0]["token"] == "04A1"
    assert told(journal, "refused")["why"].startswith("a card or a command came first")
    assert started(journal, V201) == [{"idToken": "04A1", "type": "ISO14443"}]


async def test_a_card_that_was_there_first_stays(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201, **options()) as (station, _):
        assert await station.tap(1, "04A1")
        await station.plug(1, car())
        await clock.sleep(2)
        assert station.snapshot()["evses"][0]["token"] == "04A1"
    assert steps(journal) == ["not_offered"]


async def test_a_csms_that_cannot_answer_refuses(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201, **options()) as (station, csms):
        csms.broken.add("Authorize")
        await station.plug(1, car())
        await clock.sleep(1)
    assert told(journal, "refused")["why"].startswith("the CSMS refuses the question: ")


@pytest.mark.parametrize("wrapper", ["UnknownVendorId", "UnknownMessageId", "Rejected"])
async def test_a_csms_without_the_note_refuses(
    clock: Clock, journal: Journal, wrapper: str
) -> None:
    """The plain Authorize is not for contracts."""
    async with world(clock, journal, V16, **options()) as (station, csms):
        csms.answers["Authorize"] = {"wrapper": wrapper}
        await station.plug(1, car())
        await clock.sleep(1)
    assert told(journal, "refused")["status"] == f"Rejected: {wrapper}"
    assert "Authorize" not in actions(journal)


# Offline


@pytest.mark.parametrize(
    ("settings", "cached", "mo", "status", "why"),
    [
        ({"contract_validation_offline": "false", "allow_offline_unknown": "true"}, "Accepted",
         True, "NotAtThisTime", "offline_not_allowed"),
        ({}, "Accepted", True, None, "offline_cache"),
        ({}, "Blocked", True, "Blocked", "offline_cache"),
        ({"local_authorize_offline": "false"}, "Accepted", True, "NotAtThisTime",
         "offline_local_not_allowed"),
        ({}, None, True, "Unknown", "offline_unknown"),
        ({"allow_offline_unknown": "true"}, None, True, None, "offline_unknown"),
        ({"allow_offline_unknown": "true"}, None, False, "Invalid", "offline_no_root"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("version", [V16, V201], ids=str)
async def test_offline(
    clock: Clock,
    journal: Journal,
    version: OcppVersion,
    settings: dict[str, str],
    cached: str | None,
    mo: bool,
    status: str | None,
    why: str,
) -> None:
    """C07.FR.07 to FR.12."""
    async with world(clock, journal, version, **options(mo=mo, **settings)) as (station, _):
        if cached is not None:
            station.memory.cache.update(IdToken(EMAID), TokenInfo(cached), clock.now())
        await station.offline()
        await station.plug(1, car())
        await clock.sleep(5)
        seen = shown(station)
        assert (seen["state"], seen["why"]) == ("refused" if status else "accepted", why)
        assert seen["status"] == status
        await station.online()
        await clock.sleep(60)
    if status is None:
        assert len(started(journal, version)) == 1
        assert told(journal, "accepted") == {"evse": 1, "emaid": EMAID, "why": why}
    else:
        assert not started(journal, version)
    assert not asked(journal, version)


async def test_what_was_accepted_for_once_does_not_help_offline(
    clock: Clock, journal: Journal
) -> None:
    """Whitelist NEVER: the answer expires when it is given."""
    async with world(clock, journal, V201, **options()) as (station, csms):
        once = {"status": "Accepted", "cacheExpiryDateTime": rfc3339(clock.now())}
        csms.answers["Authorize"] = {"idTokenInfo": once, "certificateStatus": "Accepted"}
        csms.tokens[f"start:{EMAID}"] = {
            "status": "Accepted",
            "cache_expiry_date_time": rfc3339(clock.now()),
        }
        await station.plug(1, car())
        await clock.sleep(10)
        assert station.snapshot()["evses"][0]["state"] == "charging"
        await station.unplug(1)
        await clock.sleep(1)
        await station.offline()
        await station.plug(1, car())
        await clock.sleep(1)
        assert shown(station)["why"] == "offline_unknown"
        assert shown(station)["state"] == "refused"


async def test_online_the_cache_is_not_enough(clock: Clock, journal: Journal) -> None:
    """C07.FR.01."""
    async with world(clock, journal, V201, **options(local_pre_authorize="true")) as (station, _):
        station.memory.cache.update(IdToken(EMAID), TokenInfo("Accepted"), clock.now())
        await station.plug(1, car())
        await clock.sleep(1)
    assert len(asked(journal, V201)) == 1


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

    def run_once() -> str:
        clock = Clock("virtual")
        journal = Journal(clock, seed=42, world="test")
        run(play(clock, journal), clock)
        assert steps(journal).count("accepted") == 2
        return "\n".join(map(str, journal.records))

    first = run_once()
    for _ in range(5):
        assert run_once() == first
