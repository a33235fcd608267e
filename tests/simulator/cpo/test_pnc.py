"""Contracts at the CSMS, over real sockets: both ways to verify, and all that may be wrong."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from ocpp.v201 import call

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.exchange import Ctx, Result
from simulator.pki.certificates import common_name, pem, pem_chain
from simulator.pki.contract import Contract
from simulator.pki.csr import make_csr
from simulator.pki.keys import P256, PkiError, draw_key
from simulator.pki.ocsp import OcspStatus, OcspVerdict
from simulator.pki.store import Pki
from tests.simulator.cpo.pnc_world import (
    COMPACT,
    PUSHED,
    RESPONDER_PORT,
    YEAR,
    another_root,
    contract_token,
    hashes,
    pnc_world,
    show,
)
from tests.simulator.cpo.stations import station201
from tests.simulator.cpo.world import crashed, running, token

ACCEPTED = ("Accepted", "Accepted")
REFUSED = ("CertChainError", "Invalid")
KEY = draw_key(Chance(3), P256)


async def authorize(station: Any, uid: str, kind: str, **more: Any) -> Any:
    id_token = {"id_token": uid, "type": kind}
    return await station.call(call.Authorize(id_token, **more), suppress=False)


def asked_at(journal: Journal) -> list[str]:
    """The ends of the URLs of real-time authorizations, as the eMSP got them."""
    return [
        record["url"].partition("/tokens/")[2]
        for record in journal.records
        if record["leg"] == "ocpi" and record["actor"] == "emsp" and "/authorize" in record["url"]
    ]


# Good ones


@pytest.mark.parametrize("by_hashes", [False, True], ids=["certificate", "hashes"])
async def test_a_contract_becomes_a_question_to_its_emsp(
    by_hashes: bool, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        pki = world.pki if by_hashes else None
        assert await show(station, world.contract(), by_hashes=pki) == ACCEPTED
        assert asked_at(journal) == [f"{PUSHED}/authorize?type=OTHER"]
        (told,) = world.authorizations()
        assert (told["emaid"], told["token"]) == (COMPACT, PUSHED)
        assert told["by"] == ("hashes" if by_hashes else "certificate")
        assert told["emaid_checked"] is not by_hashes
        assert [row["status"] for row in told["ocsp"]] == ["good"] * 3
        assert (told["elapsed_s"], told["over_budget"]) == (0.0, None)
        place = next(
            record["request"]["body"]
            for record in journal.records
            if record["leg"] == "ocpi" and "/authorize" in record["url"]
        )
        assert '"location_id":"LOC1"' in place
        assert '"evse_uids":["E3"]' in place


async def test_the_answer_is_not_for_the_stations_cache(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        chain = world.contract().chain_pem
        answer = await authorize(station, COMPACT, "eMAID", certificate=chain)
        assert answer.id_token_info["cache_expiry_date_time"] == station.now


async def test_statuses_are_asked_once_while_they_hold(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        contract = world.contract()
        for pki in (None, world.pki, None):
            assert await show(station, contract, by_hashes=pki) == ACCEPTED
        assert len(world.events("ocsp.answered")) == 3
        cached = [[row["cached"] for row in told["ocsp"]] for told in world.authorizations()]
        assert cached == [[False] * 3, [True] * 3, [True] * 3]
        await clock.sleep(3600)
        assert await show(station, contract) == ACCEPTED
        assert len(world.events("ocsp.answered")) == 6


async def test_a_revocation_is_seen_when_the_answer_kept_is_forgotten(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        contract = world.contract()
        assert await show(station, contract) == ACCEPTED
        world.pki.revoke(COMPACT, clock.now())
        assert await show(station, contract) == ACCEPTED
        world.cpo.forget_statuses()
        assert await show(station, contract) == ("CertificateRevoked", "Invalid")


async def test_cards_are_asked_about_as_before(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        answer = await authorize(station, "CARD1", "ISO14443")
        assert answer.id_token_info["status"] == "Accepted"
        assert answer.certificate_status is None
        assert world.authorizations() == []


@pytest.mark.parametrize(
    "said", [COMPACT, PUSHED, COMPACT[:14], COMPACT.lower(), "DE-8PSCOO13A3LZ-3"]
)
async def test_every_spelling_is_the_same_contract(
    said: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        assert await show(station, world.contract(), emaid=said) == ACCEPTED
        answer = await station.event("Started", token=COMPACT, token_type="eMAID", state="Charging")
        assert answer.id_token_info["status"] == "Accepted"
        assert len(asked_at(journal)) == 1  # what was decided serves the transaction


async def test_a_wrong_check_digit_is_told_and_no_reason(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        assert await show(station, world.contract(), emaid=f"{COMPACT[:14]}9") == ACCEPTED
        assert world.authorizations()[0]["check_digit"] == "9 instead of 3"


async def test_session_and_cdr_name_the_contract_as_it_was_pushed(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        await show(station, world.contract())
        paying = {"token": COMPACT, "token_type": "eMAID"}
        await station.event("Started", kwh=0, state="Charging", **paying)
        await clock.sleep(1800)
        await station.event("Ended", kwh=9, reason="EVDeparted", **paying)
        await world.told("cdr.accepted")
        (cdr,) = world.emsp.cdrs.values()
        sessions = [body for method, body in world.emsp.of("sessions") if method == "PUT"]
        for told in (cdr, sessions[0]):
            assert told["cdr_token"] == {
                "country_code": "DE",
                "party_id": "EMP",
                "uid": PUSHED,
                "type": "OTHER",
                "contract_id": PUSHED,
            }
            assert told["authorization_reference"] == "AUTH-1"
            assert told["auth_method"] == "AUTH_REQUEST"


# Chains that do not hold


def without_leaf(chain: str) -> str:
    return "-----BEGIN" + chain.split("-----BEGIN", 2)[2]


def forged(contract: Contract) -> str:
    """Its chain, with another signature under the contract."""
    der = bytearray(contract.certificate.public_bytes(Encoding.DER))
    der[-1] ^= 1
    return pem_chain([x509.load_der_x509_certificate(bytes(der)), *contract.chain[1:]])


@pytest.mark.parametrize(
    ("case", "expected", "detail"),
    [
        ("expired", ("CertificateExpired", "Expired"), "expired"),
        ("not yet", REFUSED, "not yet valid"),
        ("other root", REFUSED, "chain error"),
        ("no sub-CAs", REFUSED, "chain error"),
        ("sub-CA as leaf", REFUSED, "is of 'MO Sub-CA 2'"),
        ("another's", REFUSED, "is of 'DE8PSC00000001"),
        ("forged", REFUSED, "signature error"),  # not SignatureError: C07.FR.17
        ("garbage", REFUSED, "not a PEM certificate"),
        ("no certificate", REFUSED, "not a PEM certificate"),
    ],
)
async def test_a_chain_that_does_not_hold(
    case: str,
    expected: tuple[str, str],
    detail: str,
    clock: Clock,
    chance: Chance,
    journal: Journal,
) -> None:
    settings = {"mo_roots": [pem(another_root(clock))]} if case == "other root" else None
    async with (
        pnc_world(clock, chance, journal, settings=settings) as world,
        station201(world.cpo, clock) as station,
    ):
        await station.boot()
        how: dict[str, Any] = {}
        if case == "expired":
            how = {"not_before": clock.now() - YEAR, "valid_for": timedelta(days=30)}
        elif case == "not yet":
            how = {"not_before": clock.now() + timedelta(hours=1)}
        contract = world.contract("DE8PSC00000001" if case == "another's" else COMPACT, **how)
        chain = {
            "no sub-CAs": pem(contract.certificate),
            "forged": forged(contract),
            "sub-CA as leaf": without_leaf(contract.chain_pem),
            "garbage": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "no certificate": "hello",
        }.get(case)
        assert await show(station, contract, chain=chain) == expected
        (told,) = world.authorizations()
        assert detail in told["detail"]
        assert told["ocsp"] == []
        assert asked_at(journal) == []  # nobody is asked about what was not proved


@pytest.mark.parametrize("by_hashes", [False, True], ids=["certificate", "hashes"])
@pytest.mark.parametrize("what", ["leaf", "MO_SUB2", "MO_SUB1"])
async def test_a_revoked_one_anywhere_in_the_chain(
    what: str, by_hashes: bool, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        contract = world.contract()
        world.pki.revoke(COMPACT if what == "leaf" else what, clock.now())
        shown = await show(station, contract, by_hashes=world.pki if by_hashes else None)
        assert shown == ("CertificateRevoked", "Invalid")
        assert asked_at(journal) == []


async def test_a_certificate_that_its_responder_does_not_know(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    """A forged serial number among good hashes: unknown is no word to charge by, as set or not."""
    settings = {"without_ocsp": "accept"}
    async with (
        pnc_world(clock, chance, journal, settings=settings) as world,
        station201(world.cpo, clock) as station,
    ):
        await station.boot()
        data = hashes(world.contract(), world.pki)
        data[0] |= {"serialNumber": "1f"}
        answer = await authorize(station, COMPACT, "eMAID", iso15118_certificate_hash_data=data)
        assert (answer.certificate_status, answer.id_token_info["status"]) == REFUSED
        assert world.authorizations()[0]["ocsp"][0]["status"] == "unknown"


async def test_a_refused_contract_does_not_charge_by_its_number_alone(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        contract = world.contract()
        world.pki.revoke(COMPACT, clock.now())
        await show(station, contract)
        answer = await station.event("Started", token=PUSHED, token_type="eMAID", state="Charging")
        assert answer.id_token_info["status"] == "Invalid"
        assert asked_at(journal) == []


# Responders that fail


@pytest.mark.parametrize("by_hashes", [False, True], ids=["certificate", "hashes"])
@pytest.mark.parametrize(
    "switch", ["down", "garbage", "stale", "try_later", "unauthorized", "slow:10"]
)
@pytest.mark.parametrize(("lenient", "expected"), [("refuse", REFUSED), ("accept", ACCEPTED)])
async def test_a_responder_that_fails(
    lenient: str,
    expected: tuple[str, str],
    switch: str,
    by_hashes: bool,
    clock: Clock,
    chance: Chance,
    journal: Journal,
) -> None:
    async with (
        pnc_world(clock, chance, journal, settings={"without_ocsp": lenient}) as world,
        station201(world.cpo, clock) as station,
    ):
        await station.boot()
        world.server.ocsp.turn(switch)
        shown = await show(station, world.contract(), by_hashes=world.pki if by_hashes else None)
        assert shown == expected
        (told,) = world.authorizations()
        assert [row["status"] for row in told["ocsp"]] == ["unusable"] * 3
        assert told["verified_s"] == (2.0 if switch == "slow:10" else 0.0)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, REFUSED),
        ({"without_ocsp": "accept"}, ACCEPTED),
        ({"ocsp_url": f"http://127.0.0.1:{RESPONDER_PORT}/ocsp"}, ACCEPTED),
    ],
    ids=["refused", "as set", "asked elsewhere"],
)
async def test_a_certificate_that_names_no_responder(
    settings: dict[str, Any],
    expected: tuple[str, str],
    clock: Clock,
    chance: Chance,
    journal: Journal,
) -> None:
    async with (
        pnc_world(clock, chance, journal, settings=settings) as world,
        station201(world.cpo, clock) as station,
    ):
        await station.boot()
        assert await show(station, world.contract(ocsp=False)) == expected
        if expected == REFUSED:
            assert "names no responder" in world.authorizations()[0]["detail"]


class Terse:
    """A way to responders that send no certificates: whoever asks must know the issuer."""

    def __init__(self) -> None:
        self.issuers: list[str | None] = []

    async def ask(
        self, hash_data: Any, responder_url: str, issuer: Any, roots: Any, timeout_s: float
    ) -> OcspVerdict:
        self.issuers.append(common_name(issuer) if issuer is not None else None)
        known = issuer is not None
        return OcspVerdict(OcspStatus.GOOD if known else OcspStatus.UNUSABLE, "as the issuer is")


ALL_ISSUERS = ["MO Sub-CA 2", "MO Sub-CA 1", "MO Root CA"]


@pytest.mark.parametrize("how", ["unknown", "told", "met", "expired"])
async def test_whose_answers_can_be_verified_where_only_hashes_come(
    how: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    made = clock.now() - (11 * YEAR if how == "expired" else timedelta(0))
    pki = Pki.create(Chance(7, "pki"), made, ocsp_url="http://127.0.0.1:1/ocsp")
    contract = pki.issue_contract(COMPACT, clock.now(), chance)
    known = [*contract.chain[1:], *pki.roots("MO")]
    told = [pem_chain(known)] if how in ("told", "expired") else []
    async with (
        pnc_world(clock, chance, journal, settings={"authorities": told}, pki=pki) as world,
        station201(world.cpo, clock) as station,
    ):
        await station.boot()
        responders = world.cpo.csms.pnc._responders = Terse()
        if how == "met":
            assert await show(station, contract) == ACCEPTED
            responders.issuers.clear()
        shown = await show(station, contract, by_hashes=pki)
        if how in ("unknown", "expired"):
            assert (shown, responders.issuers) == (REFUSED, [None] * 3)
        elif how == "told":
            assert (shown, responders.issuers) == (ACCEPTED, ALL_ISSUERS)
        else:  # the root is known as a root
            assert responders.issuers == [*ALL_ISSUERS[:2], None]


# The car's patience


async def test_slow_responders_and_peers_are_seen_against_the_cars_patience(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with (
        pnc_world(clock, chance, journal, settings={"ocsp_timeout_s": 4.0}) as world,
        station201(world.cpo, clock) as station,
    ):
        await station.boot()
        contract = world.contract()

        async def slow(ctx: Ctx) -> Result | None:
            await clock.sleep(3)
            return None

        world.emsp.misbehave = slow
        world.server.ocsp.turn("slow:3")
        assert await show(station, contract) == ACCEPTED
        assert await show(station, contract) == ACCEPTED
        first, second = world.authorizations()
        assert (first["verified_s"], first["elapsed_s"], first["over_budget"]) == (3.0, 6.0, "5 s")
        assert (second["verified_s"], second["elapsed_s"], second["over_budget"]) == (0, 3.0, None)


async def test_a_car_is_not_kept_waiting_longer_than_it_does(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    """What the responders have taken of the 60 s is not there for the eMSP."""
    patient = {"ocsp_timeout_s": 100.0, "without_ocsp": "accept"}
    async with (
        pnc_world(clock, chance, journal, settings=patient, authorization_timeout_s=50.0) as world,
        station201(world.cpo, clock) as station,
    ):
        await station.boot()

        async def never(ctx: Ctx) -> Result | None:
            await clock.sleep(1000)
            return None

        world.emsp.misbehave = never
        world.server.ocsp.turn("slow:45")
        station._response_timeout = 100
        assert await show(station, world.contract()) == ("Accepted", "NotAtThisTime")
        (told,) = world.authorizations()
        assert (told["verified_s"], told["elapsed_s"], told["over_budget"]) == (45.0, 60.0, "5 s")


async def test_an_emsp_that_does_not_answer_cancels_nothing(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        await world.emsp.listener.stop()
        assert await show(station, world.contract()) == ("Accepted", "NotAtThisTime")


# The contract's eMSP


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        ("BLOCKED", ("ContractCancelled", "Blocked")),
        ("EXPIRED", ("ContractCancelled", "Expired")),
        ("NO_CREDIT", ("Accepted", "NoCredit")),
        ("NOT_ALLOWED", ("Accepted", "NotAtThisLocation")),
    ],
)
async def test_what_the_emsp_says(
    verdict: str, expected: tuple[str, str], clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        world.emsp.verdict = verdict
        assert await show(station, world.contract()) == expected


async def test_a_contract_that_nobody_has_sent_is_asked_about_with_dashes(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with (
        pnc_world(clock, chance, journal, tokens=[]) as world,
        station201(world.cpo, clock) as station,
    ):
        await station.boot()
        assert await show(station, world.contract()) == ("ContractCancelled", "Unknown")
        world.emsp.tokens = [contract_token()]  # not pushed: OCPI 2.3 even advises against it
        assert await show(station, world.contract(), emaid=COMPACT[:14]) == ACCEPTED
        assert asked_at(journal) == [f"{PUSHED}/authorize?type=OTHER"] * 2


async def test_what_the_operator_blocked_is_blocked_in_any_spelling(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        world.cpo.block_token(PUSHED)
        contract = world.contract()
        assert await show(station, contract) == ("ContractCancelled", "Blocked")
        world.cpo.unblock_token(COMPACT)
        assert await show(station, contract) == ACCEPTED


async def test_the_published_example_is_a_contract_too(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    """ "valid": "true" and `authId`, as Plugsurfing's document shows it."""
    published = {
        "uid": PUSHED,
        "valid": "true",
        "authId": PUSHED,
        "type": "OTHER",
        "issuer": "DE*8PS",
        "whitelist": "NEVER",
        "last_updated": "2026-01-10T00:00:00Z",
    }
    async with (
        pnc_world(clock, chance, journal, tokens=[published]) as world,
        station201(world.cpo, clock) as station,
    ):
        await station.boot()
        assert await show(station, world.contract()) == ACCEPTED
        assert world.authorizations()[0]["token"] == PUSHED
        await station.event("Started", token=COMPACT, token_type="eMAID", state="Charging", kwh=0)
        (session,) = world.cpo.ledger.open_sessions()
        assert session.decision is not None
        assert session.decision.token is not None
        assert session.decision.token["contract_id"] == PUSHED


# EMAIDs without proof


@pytest.mark.parametrize(
    ("settings", "status"),
    [({}, "Invalid"), ({"without_certificate": "ask"}, "Accepted")],
)
async def test_a_mere_emaid_proves_nothing(
    settings: dict[str, Any], status: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with (
        pnc_world(clock, chance, journal, settings=settings) as world,
        station201(world.cpo, clock) as station,
    ):
        await station.boot()
        answer = await authorize(station, COMPACT, "eMAID")
        assert (answer.certificate_status, answer.id_token_info["status"]) == (None, status)


async def test_what_a_command_grants_needs_no_certificate(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        from simulator.cpo.authorize import by_command

        held = contract_token()
        decision = by_command(held, "cpo", "REF-7", clock.now(), ["E3"])
        world.cpo._counter.grant("CP201", decision)
        answer = await authorize(station, COMPACT, "eMAID")
        assert answer.id_token_info["status"] == "Accepted"
        assert asked_at(journal) == []


async def test_a_cpo_without_plug_and_charge_verifies_nothing_and_says_so(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    contract = Pki.create(chance, clock.now()).issue_contract(COMPACT, clock.now(), chance)
    async with (
        running(clock, chance, journal, tokens=[contract_token()]) as world,
        station201(world.cpo, clock) as station,
    ):
        await station.boot()
        assert await show(station, contract) == REFUSED
        (told,) = world.events("pnc.authorized")
        assert told["data"]["detail"] == "Plug & Charge is not set up here"
        assert world.events("station.asked") == []  # nor is a station asked about it


async def test_what_a_station_has_verified_offline_is_asked_about_by_its_token(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    """A TransactionEvent carries no certificates (C07.FR.08: the station has looked at them)."""
    async with pnc_world(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        paying = {"token": COMPACT, "token_type": "eMAID"}
        answer = await station.event("Started", offline=True, state="Charging", **paying)
        assert answer.id_token_info["status"] == "Accepted"
        assert asked_at(journal) == [f"{PUSHED}/authorize?type=OTHER"]


@pytest.mark.parametrize("what", ["authorize", "sign", "install"])
async def test_stopping_amid_it_leaves_nothing_behind(
    what: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world:
        async with station201(world.cpo, clock) as station:
            await station.boot()
            for service in world.server.services.values():
                service.turn("slow:60")
            asking: Any = {
                "authorize": lambda: show(station, world.contract()),
                "sign": lambda: station.call(
                    call.SignCertificate(make_csr(KEY, "S1"), "V2GCertificate"), suppress=False
                ),
                "install": lambda: station.call(
                    call.Get15118EVCertificate("urn:iso:15118:2:2013:MsgDef", "Install", "AAAA"),
                    suppress=False,
                ),
            }[what]
            task = asyncio.ensure_future(asking())
            await clock.sleep(1)
            await world.cpo.stop()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        failed = [r for r in journal.records if "fail" in str(r.get("what"))]
        assert failed == []


def test_roots_that_cannot_be_read_are_told(clock: Clock, chance: Chance, journal: Journal) -> None:
    from dataclasses import replace

    from simulator.cpo.config import PncSettings
    from simulator.cpo.run import Cpo
    from tests.simulator.cpo.world import CONFIG

    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    config = replace(CONFIG, pnc=PncSettings(mo_roots=[broken]))
    with pytest.raises(PkiError, match="root certificates"):
        Cpo(config, clock=clock, chance=chance, journal=journal)


# Restarts


@pytest.mark.parametrize("revoked", [False, True])
async def test_a_decision_outlives_a_kill(
    revoked: bool, tmp_path: Path, clock: Clock, chance: Chance, journal: Journal
) -> None:
    path = tmp_path / "book.db"
    ours = Chance(7, "pki")
    pki = Pki.create(ours, clock.now(), ocsp_url=f"http://127.0.0.1:{RESPONDER_PORT}/ocsp")
    async with (
        pnc_world(clock, chance, journal, pki=pki, database=path) as world,
        station201(world.cpo, clock) as station,
    ):
        await station.boot()
        contract = world.contract()
        if revoked:
            pki.revoke(COMPACT, clock.now())
        await show(station, contract)
        await clock.sleep(1)
        after = crashed(path)
    before = len(asked_at(journal))
    async with (
        pnc_world(clock, chance, journal, pki=pki, database=after, registered=False) as world,
        station201(world.cpo, clock) as station,
    ):
        answer = await station.event(
            "Started", token=PUSHED, token_type="eMAID", state="Charging", kwh=0
        )
        assert answer.id_token_info["status"] == ("Invalid" if revoked else "Accepted")
        assert len(asked_at(journal)) == before
        if not revoked:
            (session,) = world.cpo.ledger.open_sessions()
            assert session.decision is not None
            assert session.decision.reference == "AUTH-1"


def test_the_chain_helper_is_a_chain(clock: Clock, chance: Chance) -> None:
    contract = Pki.create(chance, clock.now()).issue_contract(COMPACT, clock.now(), chance)
    assert pem_chain(contract.chain[1:]) == without_leaf(contract.chain_pem)
    assert token()["type"] == "RFID"
