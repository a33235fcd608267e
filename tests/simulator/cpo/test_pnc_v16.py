"""Contracts at a 1.6 station: DataTransfer, in the note's dialect and in that of 2.0.1."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ocpp.v16 import call

from simulator.cpo.calls_certificates import VENDOR
from simulator.cpo.pnc_v16 import dialect_of
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.wire.ocpp_frames import CALLRESULT
from simulator.wire.ocpp_messages import OcppVersion
from simulator.wire.ocpp_schema import validator
from tests.simulator.cpo.pnc_world import COMPACT, PUSHED, contract_token, hashes, pnc_world
from tests.simulator.cpo.stations import station16
from tests.simulator.cpo.world import token

DIALECTS = ["note", "libocpp"]


async def ask(station: Any, message_id: str, message: Any, vendor: str = VENDOR) -> Any:
    """A DataTransfer; returns its status and the message in the answer."""
    data = message if isinstance(message, str) else json.dumps(message)
    answer = await station.call(call.DataTransfer(vendor, message_id, data), suppress=False)
    return answer.status, json.loads(answer.data) if answer.data else None


def shown(dialect: str, emaid: str = COMPACT, **more: Any) -> dict[str, Any]:
    """An Authorize in a dialect."""
    kind = {"type": "eMAID"} if dialect == "libocpp" else {}
    return {"idToken": {"idToken": emaid, **kind}, **more}


@pytest.mark.parametrize("by_hashes", [False, True], ids=["certificate", "hashes"])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_contract_is_decided_about(
    dialect: str, by_hashes: bool, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        contract = world.contract()
        proof: dict[str, Any] = {"certificate": contract.chain_pem}
        if by_hashes:
            proof = {"iso15118CertificateHashData": hashes(contract, world.pki)}
        status, answer = await ask(station, "Authorize", shown(dialect, **proof))
        assert status == "Accepted"
        assert answer == {
            "idTokenInfo": {"status": "Accepted", "cacheExpiryDateTime": station.now},
            "certificateStatus": "Accepted",
        }
        check = validator(OcppVersion.V201, "Authorize", CALLRESULT)
        assert check is not None
        assert check.is_valid(answer)  # the note's answer has no field that 2.0.1 has not
        assert world.cpo.csms.plugs.dialect("CP16") == dialect


@pytest.mark.parametrize(
    ("verdict", "certificate_status", "of_note", "of_201"),
    [
        ("BLOCKED", "ContractCancelled", "Blocked", "Blocked"),
        ("EXPIRED", "ContractCancelled", "Expired", "Expired"),
        ("NO_CREDIT", "Accepted", "Blocked", "NoCredit"),
        ("NOT_ALLOWED", "Accepted", "Invalid", "NotAtThisLocation"),
    ],
)
async def test_the_statuses_of_each_dialect(
    verdict: str,
    certificate_status: str,
    of_note: str,
    of_201: str,
    clock: Clock,
    chance: Chance,
    journal: Journal,
) -> None:
    async with pnc_world(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        world.emsp.verdict = verdict
        chain = world.contract().chain_pem
        for dialect, expected in (("note", of_note), ("libocpp", of_201)):
            _, answer = await ask(station, "Authorize", shown(dialect, certificate=chain))
            assert answer == {
                "idTokenInfo": {"status": expected},
                "certificateStatus": certificate_status,
            }


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_chains_that_do_not_hold(
    dialect: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        chain = world.contract().chain_pem
        _, answer = await ask(station, "Authorize", shown(dialect, certificate="hello"))
        assert answer["certificateStatus"] == "CertChainError"
        world.pki.revoke(COMPACT, clock.now())
        _, answer = await ask(station, "Authorize", shown(dialect, certificate=chain))
        refused = {"idTokenInfo": {"status": "Invalid"}, "certificateStatus": "CertificateRevoked"}
        assert answer == refused
        started = await station.begin(PUSHED)
        assert started.id_tag_info["status"] == "Invalid"


@pytest.mark.parametrize("tag", [COMPACT, PUSHED, COMPACT[:14]])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_the_transaction_finds_its_decision_in_any_spelling(
    dialect: str, tag: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        chain = world.contract().chain_pem
        await ask(station, "Authorize", shown(dialect, certificate=chain))
        started = await station.begin(tag)
        assert started.id_tag_info["status"] == "Accepted"
        assert world.emsp.asked == 1
        await clock.sleep(600)
        ended = await station.end(started.transaction_id, 3000, id_tag=PUSHED)
        assert ended.id_tag_info["status"] == "Accepted"
        await world.told("cdr.accepted")
        (cdr,) = world.emsp.cdrs.values()
        assert (cdr["cdr_token"]["uid"], cdr["cdr_token"]["type"]) == (PUSHED, "OTHER")
        assert cdr["cdr_token"]["contract_id"] == PUSHED
        assert cdr["authorization_reference"] == "AUTH-1"


async def test_a_card_is_still_authorized_plainly(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        answer = await station.call(call.Authorize("CARD1"), suppress=False)
        assert answer.id_tag_info["status"] == "Accepted"
        assert world.authorizations() == []


@pytest.mark.parametrize("tag", [COMPACT, PUSHED])
@pytest.mark.parametrize(
    ("settings", "status"),
    [({}, "Invalid"), ({"without_certificate": "ask"}, "Accepted")],
)
async def test_a_contract_is_not_to_be_shown_like_a_card(
    settings: dict[str, Any],
    status: str,
    tag: str,
    clock: Clock,
    chance: Chance,
    journal: Journal,
) -> None:
    async with (
        pnc_world(clock, chance, journal, settings=settings) as world,
        station16(world.cpo, clock) as station,
    ):
        await station.boot()
        answer = await station.call(call.Authorize(tag), suppress=False)
        assert answer.id_tag_info["status"] == status
        assert world.emsp.asked == (status == "Accepted")


async def test_a_card_with_a_contracts_number_is_a_card(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    tokens = [token(COMPACT), contract_token()]
    async with (
        pnc_world(clock, chance, journal, tokens=tokens) as world,
        station16(world.cpo, clock) as station,
    ):
        await station.boot()
        answer = await station.call(call.Authorize(COMPACT), suppress=False)
        assert answer.id_tag_info["status"] == "Accepted"
        assert world.authorizations() == []


@pytest.mark.parametrize(
    ("message_id", "message", "vendor", "status"),
    [
        ("Authorize", "no JSON", VENDOR, "Rejected"),
        ("Authorize", "[1]", VENDOR, "Rejected"),
        ("Authorize", "{}", VENDOR, "Rejected"),
        ("Authorize", {"idToken": "x"}, VENDOR, "Rejected"),
        ("Authorize", "[" * 100_000, VENDOR, "Rejected"),
        ("SignCertificate", {}, VENDOR, "Rejected"),
        ("GetCertificateStatus", {}, VENDOR, "Rejected"),
        ("Dance", {}, VENDOR, "UnknownMessageId"),
        ("Authorize", {}, "com.example", "UnknownVendorId"),
    ],
)
async def test_what_cannot_be_used_is_told(
    message_id: str,
    message: Any,
    vendor: str,
    status: str,
    clock: Clock,
    chance: Chance,
    journal: Journal,
) -> None:
    async with pnc_world(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        assert await ask(station, message_id, message, vendor) == (status, None)
        assert len(world.events("data_transfer.unusable")) == (status == "Rejected")


async def test_data_that_are_no_text_break_the_schema(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        message = {"vendorId": VENDOR, "messageId": "Authorize", "data": shown("note")}
        answer = await station.raw("DataTransfer", message)
        assert answer[0] == "TypeConstraintViolation"


@pytest.mark.parametrize(
    ("message", "dialect"),
    [
        ({"idToken": {"idToken": "x"}}, "note"),
        ({"idToken": {"idToken": "x", "type": "eMAID"}}, "libocpp"),
        ({"csr": "x"}, None),
        ({"csr": "x", "certificateType": "V2GCertificate"}, "libocpp"),
        ({"action": "Install"}, None),
    ],
)
def test_how_the_dialects_are_told_apart(message: dict[str, Any], dialect: str | None) -> None:
    assert dialect_of(message) == dialect


async def test_the_dialect_outlives_a_restart(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world:
        plugs = world.cpo.csms.plugs
        assert plugs.dialect("CP16") == "note"
        plugs.spoke("CP16", "libocpp")
        assert world.cpo.book.plugs.get("CP16").dialect == "libocpp"
        assert plugs.dialect("CP16") == "libocpp"
    async with pnc_world(clock, chance, journal, settings={"dialect": "libocpp"}) as world:
        assert world.cpo.csms.plugs.dialect("CP16") == "libocpp"
