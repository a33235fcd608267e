"""EMP -> Roam -> Plugsurfing -> CPO and back, over real sockets."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from mock_peer.emp_answers import Verdict
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal
from simulator.ocpi.envelope import read_json
from tests.mock_peer import objects as o
from tests.mock_peer.roaming import CARD, TOKEN, Whole, roaming

CONTRACT = "DE-EMP-C00000001-5"


def cdr_of(whole: Whole, reference: str | None, **changes: Any) -> dict[str, Any]:
    """The CPO's CDR of a session that ends now, for the EMP's card."""
    start = whole.clock.now()
    token = {**o.cdr_token(CARD), "contract_id": CONTRACT}
    return {**o.cdr(start=start, reference=reference), "cdr_token": token, **changes}


def session_of(whole: Whole, **changes: Any) -> dict[str, Any]:
    """The CPO's session under way, for the EMP's card."""
    now = rfc3339(whole.clock.now())
    times = {"start_date_time": now, "last_updated": now}
    token = {**o.cdr_token(CARD), "contract_id": CONTRACT}
    return o.session(**{**times, "cdr_token": token, **changes})


async def test_a_token_reaches_the_cpo_as_plugsurfings_own(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        token = whole.cpo.tokens[CARD]
        assert token["issuer"] == "DE*8PS"
        assert token["contract_id"] == CONTRACT
        assert token["whitelist"] == "ALLOWED_OFFLINE"
        assert (token["country_code"], token["party_id"]) == ("DE", "8PS")
        assert [f["rule"] for f in whole.findings()] == ["roam.contract-format"]


async def test_a_local_start_from_authorization_to_a_priced_cdr(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        location_id, evse_uid, _ = await whole.share()
        told = await whole.cpo.authorize(
            CARD, {"location_id": "LOC1", "evse_uids": ["LOC1-1"]}, type="RFID"
        )
        assert told.data["allowed"] == "ALLOWED"
        reference = told.data["authorization_reference"]
        (asked,) = whole.requests("emp", "tokens", "POST")
        assert location_id in asked["request"]["body"]
        assert evse_uid in asked["request"]["body"]
        await whole.cpo.put_session(session_of(whole, authorization_reference=reference))
        cdr = cdr_of(whole, reference, session_id="S1")
        await clock.sleep(1800)
        answer = await whole.cpo.post_cdr(cdr)
        assert answer.ok, answer.message
        await clock.sleep(5)
        ((name, passed),) = whole.emp.book.cdrs.items()
        assert name in whole.emp.book.sessions
        assert passed["id"] == passed["session_id"]
        assert passed["cdr_token"]["party_id"] == "EMP"
        assert passed["cdr_location"]["evse_uid"] == evse_uid
        assert passed["total_energy_cost"]["excl_vat"] == passed["total_cost"]["excl_vat"]
        assert passed["authorization_reference"] != reference
        assert whole.emp.book.bills[name].agrees is True
        assert {finding["rule"] for finding in whole.findings()} == {"roam.contract-format"}
        assert [r["data"]["tries"] for r in whole.told("roam.cdr-delivered")] == [1]


async def test_each_refusal_of_the_emp_reaches_the_cpo(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        await whole.share()
        for allowed in ("NO_CREDIT", "BLOCKED", "EXPIRED", "NOT_ALLOWED"):
            whole.emp.answers.tokens[CARD] = Verdict(allowed=allowed)
            told = await whole.cpo.authorize(CARD, {"location_id": "LOC1"})
            assert told.data["allowed"] == allowed


@pytest.mark.parametrize(("otherwise", "allowed"), [("accept", "ALLOWED"), ("deny", "NOT_ALLOWED")])
@pytest.mark.parametrize("timeout_s", [1, 10])
async def test_silence_and_garbage_are_decided_as_the_organisation_set_it(
    clock: Clock, chance: Chance, journal: Journal, timeout_s: int, otherwise: str, allowed: str
) -> None:
    organisation = {"authorization": {"timeout_s": timeout_s, "otherwise": otherwise}}
    async with roaming(clock, chance, journal, organisation=organisation) as whole:
        await whole.share()
        for manner, lasts_s in (("silence", timeout_s), ("garbage", 0), ("error", 0)):
            whole.emp.answers.tokens[CARD] = Verdict(manner=manner)
            began = clock.monotonic()
            told = await whole.cpo.authorize(CARD, {"location_id": "LOC1"})
            assert told.data["allowed"] == allowed
            assert lasts_s <= clock.monotonic() - began < lasts_s + 0.1
        found = whole.findings("roam.authorize")
        assert [f["severity"] for f in found] == ["warn"] * 3
        assert all(f"within {timeout_s} s" in f["expected"] for f in found)


@pytest.mark.parametrize(("delay_s", "allowed"), [(9.9, "ALLOWED"), (10.1, "NOT_ALLOWED")])
async def test_an_answer_counts_until_the_timeout(
    clock: Clock, chance: Chance, journal: Journal, delay_s: float, allowed: str
) -> None:
    organisation = {"authorization": {"timeout_s": 10}}
    async with roaming(clock, chance, journal, organisation=organisation) as whole:
        await whole.share()
        whole.emp.answers.default = Verdict(delay_s=delay_s)
        told = await whole.cpo.authorize(CARD, {"location_id": "LOC1"})
        assert told.data["allowed"] == allowed


async def test_an_emp_that_is_not_asked_has_its_key_checked_alone(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    organisation = {"authorization": {"enabled": False}}
    async with roaming(clock, chance, journal, organisation=organisation) as whole:
        await whole.share()
        told = await whole.cpo.authorize(CARD, {"location_id": "LOC1"})
        assert told.data["allowed"] == "ALLOWED"
        await whole.emp.push_token({**TOKEN, "valid": False})
        await clock.sleep(1)
        told = await whole.cpo.authorize(CARD, {"location_id": "LOC1"})
        assert told.data["allowed"] == "BLOCKED"
        assert whole.requests("emp", "tokens", "POST") == []


@pytest.mark.parametrize("reference", [None, {"location_id": "nowhere"}])
async def test_the_emp_is_asked_without_a_location_where_none_resolves(
    clock: Clock, chance: Chance, journal: Journal, reference: Any
) -> None:
    profile = {"rules": {"authorize.location-reference": "warn", "authorize.territory": "off"}}
    organisation = {"countries": ["NLD"]}  # which nobody can check without a location
    async with roaming(clock, chance, journal, profile=profile, organisation=organisation) as whole:
        told = await whole.cpo.authorize(CARD, reference)
        assert told.data["allowed"] == "ALLOWED"
        (asked,) = whole.requests("emp", "tokens", "POST")
        assert not asked["request"]["body"]
        whole.emp.answers.unknown_locations = False
        told = await whole.cpo.authorize(CARD, reference)
        assert told.data["allowed"] == "NOT_ALLOWED"


async def test_the_country_and_the_key_are_checked_before_the_emp_is_asked(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal, organisation={"countries": ["NLD"]}) as whole:
        await whole.cpo.put_location(o.location())
        told = await whole.cpo.authorize(CARD, {"location_id": "LOC1"})
        assert told.data["allowed"] == "NOT_ALLOWED"
        assert whole.requests("emp", "tokens", "POST") == []


async def test_a_remote_start_and_stop_come_back_with_their_results(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        place = await whole.share()

        async def result_of_last_command() -> None:
            await clock.sleep(2)
            url = whole.cpo.commands[-1]["response_url"]
            await whole.cpo.client.exchange(
                whole.cpo.connection, "POST", url, module="commands", body={"result": "ACCEPTED"}
            )

        following = asyncio.create_task(result_of_last_command())
        started = await whole.emp.start_session(CARD, *place)
        await following
        assert started["response"]["result"] == "ACCEPTED"
        assert started["result"] == {"result": "ACCEPTED"}
        sent = whole.cpo.commands[-1]
        assert (sent["location_id"], sent["evse_uid"], sent["connector_id"]) == (
            "LOC1",
            "LOC1-1",
            "1",
        )
        assert sent["token"]["issuer"] == "DE*8PS"
        await whole.cpo.put_session(
            session_of(whole, authorization_reference=sent["authorization_reference"])
        )
        await clock.sleep(1)
        (session_id,) = whole.emp.book.sessions
        following = asyncio.create_task(result_of_last_command())
        stopped = await whole.emp.stop_session(session_id)
        await following
        assert stopped["result"] == {"result": "ACCEPTED"}
        assert whole.cpo.commands[-1]["session_id"] == "S1"


async def test_a_command_without_a_result_times_out(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        place = await whole.share()
        started = await whole.emp.start_session(CARD, *place)
        assert started["result"] == {"result": "TIMEOUT"}


async def test_a_session_is_put_patched_and_put(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        await whole.share()
        period = {"start_date_time": o.AT, "dimensions": [{"type": "ENERGY", "volume": 1}]}
        for changes in (
            {"status": "PENDING"},
            {},
            {"kwh": Decimal(1), "total_cost": {"excl_vat": 1}, "charging_periods": [period]},
            {"kwh": Decimal(1), "last_updated": "2026-01-15T07:05:00Z"},
            {"kwh": Decimal(2), "status": "COMPLETED", "charging_periods": [period]},
            {"kwh": Decimal(3), "status": "COMPLETED"},
        ):
            await whole.cpo.put_session(session_of(whole, **changes))
        await clock.sleep(5)
        sent = whole.requests("emp", "sessions", "PUT", "PATCH")
        assert [record["method"] for record in sent] == ["PUT", "PATCH", "PUT"]
        first, progress, last = (read_json(r["request"]["body"].encode()) for r in sent)
        assert progress.keys() == {"kwh", "last_updated"}
        assert progress["kwh"] == 1
        assert (first["status"], last["status"], last["kwh"]) == ("ACTIVE", "COMPLETED", 2)
        assert "charging_periods" not in {*first, *last}
        assert len({record["url"].partition("?")[0] for record in sent}) == 1
        assert whole.findings("roam.session") == []
        (session,) = whole.emp.book.sessions.values()
        assert session["status"] == "COMPLETED"


async def test_other_peoples_sessions_are_nobodys_business(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        await whole.share()
        other = {**cdr_of(whole, None)["cdr_token"], "uid": o.CARD, "contract_id": "DE-8PS-X"}
        await whole.cpo.put_session(session_of(whole, cdr_token=other))
        await clock.sleep(5)
        assert whole.emp.book.sessions == {}


async def test_each_step_carries_the_session_s_correlation(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        await whole.share()
        await whole.cpo.ask(
            "POST", "tokens", CARD, "authorize", role="SENDER",
            body={"location_id": "LOC1"}, session="CP1-1-1",
        )  # fmt: skip
        journal.link("session/S1", "CP1-1-1")
        await whole.cpo.put_session(session_of(whole))
        await clock.sleep(5)
        seen = [
            (record["actor"], record["module"])
            for record in journal.records
            if record["leg"] == "ocpi" and record["session"] == "CP1-1-1"
        ]
        for party in ("cpo", "plugsurfing", "roam", "emp"):
            assert (party, "tokens") in seen
        assert ("roam", "sessions") in seen
        assert ("emp", "sessions") in seen


async def test_an_emp_that_is_down_is_decided_for(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        await whole.share()
        await whole.emp._web.stop()
        told = await whole.cpo.authorize(CARD, {"location_id": "LOC1"})
        assert told.data["allowed"] == "NOT_ALLOWED"
        (finding,) = whole.findings("roam.authorize")
        assert "unreachable" in finding["seen"]


async def test_an_emp_s_new_tokens_hold_in_both_directions(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        await whole.share()
        before = whole.emp.connection.token_out
        await whole.emp._registrar.update(whole.emp.connection, ("2.2.1",))
        await clock.sleep(60)
        assert whole.emp.connection.token_out != before
        assert await whole.emp.pull() == 1
        told = await whole.cpo.authorize(CARD, {"location_id": "LOC1"})
        assert told.data["allowed"] == "ALLOWED"
        assert len(whole.requests("emp", "tokens", "POST")) == 1


async def test_a_location_that_the_cpo_no_longer_lists_is_gone(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        whole.cpo.locations += [o.location(), o.location("LOC2")]
        (connection,) = [c for c in whole.cpo.peer.book.all() if c.registered]
        for names, seen in ((["LOC1", "LOC2"], 2), (["LOC2"], 1), ([], 0)):
            whole.cpo.locations[:] = [one for one in whole.cpo.locations if one["id"] in names]
            status, _ = await whole.cpo.control("POST", f"/connections/{connection.id}/pull")
            assert status == 200
            await clock.sleep(60)
            assert await whole.emp.pull() == seen


async def test_where_remote_start_was_not_agreed_the_emp_is_told_so(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal, profile={"remote_start": False}) as whole:
        plug = await whole.share()
        told = (await whole.emp.start_session(CARD, *plug))["response"]
        assert told["result"] == "REJECTED"
        assert "remote start is not supported" in told["message"][0]["text"]
