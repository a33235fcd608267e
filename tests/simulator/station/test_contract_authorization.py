"""What becomes of a proven contract: C07 at the station, towards a CSMS that is not ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import ocpp.v201.call as ask
import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal
from simulator.pki.certificates import pem_chain, read_chain
from simulator.pki.contract import Contract
from simulator.station.authorization import IdToken, TokenInfo
from simulator.station.config import PncConfig
from simulator.wire.ocpp_rpc import OcppVersion
from tests.simulator.station.certificate_box import NOW, box
from tests.simulator.station.csms import actions, events, flaws, sent, world
from tests.simulator.station.pnc_box import (
    ALL,
    DIALECTS,
    EMAID,
    NOTE,
    V16,
    V201,
    asked,
    car,
    contract,
    options,
    shown,
    started,
    steps,
    told,
)


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


# Beside cards and commands


async def test_a_remote_start_may_overtake_and_may_follow(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201, **options(authorize_remote="false")) as (station, csms):
        token = {"id_token": "APP1", "type": "Central"}

        def start() -> Any:
            return ask.RequestStartTransaction(token, remote_start_id=7, evse_id=1)

        csms.delays_s["Authorize"] = 8
        await station.plug(1, car())
        await clock.sleep(2)
        assert (await csms.call(start())).status == "Accepted"
        await clock.sleep(10)
        assert station.snapshot()["evses"][0]["token"] == "APP1"
        await station.unplug(1)
        await clock.sleep(1)
        await station.plug(1, car(contract(seed=8)))
        await clock.sleep(1)
        assert shown(station)["state"] == "refused"
        assert (await csms.call(start())).status == "Accepted"
        await clock.sleep(1)
        assert station.snapshot()["evses"][0]["token"] == "APP1"
    assert not events(journal, "ocpp.chore_failed")


async def test_a_transaction_that_the_cable_has_begun_goes_on(
    clock: Clock, journal: Journal
) -> None:
    """TxStartPoint EVConnected: the contract comes with an update."""
    async with world(clock, journal, V201, **options(tx_start_points="EVConnected")) as (
        station,
        _,
    ):
        await station.plug(1, car())
        await clock.sleep(2)
        assert station.snapshot()["evses"][0]["state"] == "charging"
    told_events = [e for e in sent(journal, "TransactionEvent") if "idToken" in e]
    assert [(e["eventType"], e["triggerReason"], e["idToken"]) for e in told_events] == [
        ("Updated", "Authorized", {"idToken": EMAID, "type": "eMAID"})
    ]


@pytest.mark.real
async def test_on_a_real_clock_too() -> None:
    clock = Clock("real", start=NOW)
    journal = Journal(clock, seed=42, world="test")
    async with world(clock, journal, V201, **options()) as (station, _):
        await station.plug(1, car(iso15118=("20", "2")))
        for _ in range(200):
            if shown(station)["state"] != "began" and shown(station)["state"] != "asking":
                break
            await clock.sleep(0.02)
        assert shown(station)["state"] == "accepted"


# What is told, and what is too much


async def test_an_identifier_that_the_version_cannot_carry(clock: Clock, journal: Journal) -> None:
    """1.6 has 20 characters; 2.0.1 takes the same one."""
    issued = box().issue("CONTRACT", "DE-8PS-C12345678-3-2026", NOW, Chance(9))
    odd = Contract("DE-8PS-C12345678-3-2026", issued.chain, issued.key)
    for version, state in ((V16, "refused"), (V201, "accepted")):
        async with world(clock, journal, version, **options()) as (station, _):
            await station.plug(1, car(odd))
            await clock.sleep(2)
            assert shown(station)["state"] == state
    assert told(journal, "refused")["why"] == "an EMAID of 23 characters cannot be told"
    assert not asked(journal, V16)


async def test_a_chain_that_is_longer_than_ocpp_carries(clock: Clock, journal: Journal) -> None:
    held = contract(ocsp=False)
    long = replace(held, chain=held.chain * 3)
    async with world(clock, journal, V201, **options()) as (station, _):
        await station.plug(1, car(long))
        await clock.sleep(2)
    assert told(journal, "refused")["why"] == "the chain is longer than OCPP carries"
    assert not asked(journal, V201)


async def test_contracts_may_stand_under_a_v2g_root(clock: Clock, journal: Journal) -> None:
    own = options()
    as_v2g = tuple(
        replace(part, use="V2GRootCertificate") if part.use == "MORootCertificate" else part
        for part in own["certificates"]
    )
    async with world(clock, journal, V201, **{**own, "certificates": as_v2g}) as (station, _):
        await station.plug(1, car())
        await clock.sleep(2)
        assert (shown(station)["state"], shown(station)["shown"]) == ("accepted", "hashes")


async def test_the_group_may_stop_it(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201, **options()) as (station, csms):
        group = {"idToken": "FLEET", "type": "Central"}
        info = {"status": "Accepted", "groupIdToken": group}
        csms.answers["Authorize"] = {"idTokenInfo": info, "certificateStatus": "Accepted"}
        csms.tokens[f"start:{EMAID}"] = {
            "status": "Accepted",
            "group_id_token": {"id_token": "FLEET", "type": "Central"},
        }
        await station.plug(1, car())
        await clock.sleep(2)
        assert station.core.evses[0].group == "FLEET"
        await station.unplug(1)
        await clock.sleep(1)
        await station.offline()
        await station.plug(1, car())
        await clock.sleep(1)
        assert shown(station)["why"] == "offline_cache"
        assert station.core.evses[0].group == "FLEET"


async def test_without_a_cache_nothing_is_known_offline(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201, **options(cache_enabled="false")) as (station, _):
        station.memory.cache.update(IdToken(EMAID), TokenInfo("Accepted"), clock.now())
        await station.offline()
        await station.plug(1, car())
        await clock.sleep(1)
        assert shown(station)["why"] == "offline_unknown"


async def test_a_connector_that_fails_meanwhile_does_not_charge(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V201, **options()) as (station, csms):
        csms.delays_s["Authorize"] = 3
        await station.plug(1, car())
        await clock.sleep(1)
        await station.fault(1)
        await clock.sleep(5)
        assert shown(station)["state"] == "refused"
        assert station.snapshot()["evses"][0]["transaction"] is None
    assert not events(journal, "ocpp.chore_failed")
