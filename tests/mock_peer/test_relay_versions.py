"""What passes between the faces where the CPO speaks 2.1.1, 2.2 or 2.2.1: one story, each version.

The EMP is always behind Roam's 2.2.1; the CPO's objects go through its version's codec.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from mock_peer.roam_outbound import ORIGINAL_PROTOCOL
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal
from simulator.ocpi.client import Answer
from simulator.ocpi.versions import VERSIONS
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import OWNER
from tests.mock_peer.roaming import CARD, TOKEN, Whole, roaming
from tests.mock_peer.test_relay import cdr_of, session_of

V211 = "2.1.1"
ALL = sorted(VERSIONS)
WITH_SESSIONS = [version for version in ALL if version != V211]
DETAILS = ("fixed", "energy", "time", "parking", "reservation")
each = pytest.mark.parametrize("version", ALL)
each_with_sessions = pytest.mark.parametrize("version", WITH_SESSIONS)


async def put(whole: Whole, kind: str, body: dict[str, Any]) -> Answer:
    """PUT a canonical object as the CPO's version writes it."""
    answer = await whole.cpo.ask("PUT", f"{kind}s", *OWNER, body["id"], body=body, takes=kind)
    assert answer.ok, answer.message
    return answer


async def share(whole: Whole) -> tuple[str, str, str]:
    """Let the CPO share a location with a tariff, and the EMP pull it."""
    await put(whole, "tariff", o.tariff())
    await put(whole, "location", o.location())
    await whole.clock.sleep(60)
    await whole.emp.pull()
    plug = whole.emp.book.first_plug()
    assert plug is not None
    return plug


async def asked(whole: Whole) -> str | None:
    """Let the CPO ask for the EMP's card; returns the reference, where its version knows one."""
    told = await whole.cpo.authorize(CARD, {"location_id": "LOC1", "evse_uids": ["LOC1-1"]})
    assert told.data["allowed"] == "ALLOWED", told.data
    reference: str | None = told.data.get("authorization_reference")
    assert (reference is None) is (whole.cpo.connection.version == V211)
    return reference


async def post_cdr(whole: Whole, **changes: Any) -> tuple[Answer, Mapping[str, Any]]:
    """A session's CDR as the CPO's version writes it; what the EMP got."""
    reference = await asked(whole)
    body = cdr_of(whole, reference, session_id="S1", **changes)
    await whole.clock.sleep(1800)
    answer = await whole.cpo.ask("POST", "cdrs", body=body, takes="cdr")
    assert answer.ok, answer.message
    await whole.clock.sleep(5)
    (passed,) = whole.emp.book.cdrs.values()
    return answer, passed


@each
async def test_locations_come_change_and_go(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with roaming(clock, chance, journal, version=version) as whole:
        location_id, evse_uid, connector_id = await share(whole)
        shown = whole.emp.book.locations[location_id]
        assert (shown["country_code"], shown["party_id"], shown["country"]) == (*OWNER, "DEU")
        connector = whole.emp.book.connector(location_id, evse_uid, connector_id)
        assert connector is not None
        assert connector["tariffs"][0]["elements"][0]["price_components"][0]["price"] == Decimal(
            "0.50"
        )
        changed = o.location(evses=[o.evse(status="CHARGING")])
        await put(whole, "location", changed)
        await clock.sleep(60)
        assert await whole.emp.pull(full=False) == 1
        evse = whole.emp.book.locations[location_id]["evses"][0]
        assert (evse["uid"], evse["status"]) == (evse_uid, "CHARGING")
        gone = o.location(evses=[o.evse(status="REMOVED")])
        await put(whole, "location", gone)
        await clock.sleep(60)
        assert await whole.emp.pull(full=False) == 0
        assert list(whole.emp.book.locations) == [location_id]
        await clock.sleep(60)
        assert await whole.emp.pull() == 0
        assert whole.emp.book.locations == {}


@each
async def test_a_token_reaches_the_cpo_changes_and_is_disabled(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with roaming(clock, chance, journal, version=version) as whole:
        await share(whole)
        told = whole.cpo.tokens[CARD]
        assert (told["issuer"], told["valid"], told["whitelist"]) == (
            "DE*8PS", True, "ALLOWED_OFFLINE",
        )  # fmt: skip
        contract = told["auth_id" if version == V211 else "contract_id"]
        assert contract == "DE-EMP-C00000001-5"
        await whole.emp.push_token({**TOKEN, "valid": False, "whitelist": "NEVER"})
        await clock.sleep(5)
        told = whole.cpo.tokens[CARD]
        assert (told["valid"], told["whitelist"]) == (False, "NEVER")
        refused = await whole.cpo.authorize(CARD, {"location_id": "LOC1"})
        assert refused.data["allowed"] == "BLOCKED"
        assert whole.requests("emp", "tokens", "POST") == []


@each
async def test_the_emp_decides_in_the_ids_that_it_pulled(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with roaming(clock, chance, journal, version=version) as whole:
        location_id, evse_uid, _ = await share(whole)
        await asked(whole)
        (request,) = whole.requests("emp", "tokens", "POST")
        assert location_id in request["request"]["body"]
        assert evse_uid in request["request"]["body"]


@each
async def test_a_cdr_comes_with_its_cost_by_dimension(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with roaming(clock, chance, journal, version=version) as whole:
        plug = await share(whole)
        _, passed = await post_cdr(whole)
        assert passed["id"] == passed.get("session_id", passed["id"])
        assert ("session_id" in passed) is (version != V211)
        place = passed["cdr_location"]
        assert (place["id"], place["evse_uid"], place["connector_id"]) == plug
        parts = [passed.get(f"total_{part}_cost") for part in DETAILS]
        told = [part for part in parts if part is not None]
        for name, total in passed["total_cost"].items():
            assert sum(part[name] for part in told) == total
        assert ("incl_vat" in passed["total_cost"]) is (version != V211)
        assert passed["cdr_token"]["uid"] == CARD
        connector = whole.emp.book.connector(*plug)
        assert connector is not None
        assert passed["tariffs"][0]["id"] == connector["tariffs"][0]["id"]
        (bill,) = whole.emp.book.bills.values()
        assert bill.agrees is True
        (posted,) = whole.requests("emp", "cdrs", "POST")
        assert ORIGINAL_PROTOCOL not in posted["request"]["headers"]
        assert whole.findings("roam.") == [
            f for f in whole.findings("roam.") if f["rule"] == "roam.contract-format"
        ]


@each
async def test_the_protocol_is_told_where_two_keys_share_the_contract(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    organisation = {"keys_per_contract": 2}
    async with roaming(clock, chance, journal, version=version, organisation=organisation) as whole:
        await share(whole)
        second = {"uid": "04EE0002", "contract_id": TOKEN["contract_id"]}
        await whole.emp.push_token(second)
        await post_cdr(whole)
        (posted,) = whole.requests("emp", "cdrs", "POST")
        expected = "OCPI-2.1.1" if version == V211 else None
        assert posted["request"]["headers"].get(ORIGINAL_PROTOCOL) == expected


@each_with_sessions
async def test_a_key_that_a_cpo_names_by_its_contract_is_uncertain_in_any_version(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    organisation = {"keys_per_contract": 2}
    async with roaming(clock, chance, journal, version=version, organisation=organisation) as whole:
        await share(whole)
        contract = TOKEN["contract_id"]
        token = {**o.cdr_token(contract), "contract_id": contract}
        await put(whole, "session", session_of(whole, cdr_token=token))
        await whole.emp.push_token({"uid": "04EE0002", "contract_id": contract})
        await put(whole, "session", session_of(whole, id="S2", cdr_token=token))
        await put(whole, "session", session_of(whole, id="S3"))
        await clock.sleep(5)
        headers = [r["request"]["headers"] for r in whole.requests("emp", "sessions", "PUT")]
        told = [each.get(ORIGINAL_PROTOCOL) for each in headers]
        assert told == [None, f"OCPI-{version}", None]  # one key; two keys; two keys, one named


@each_with_sessions
async def test_a_session_is_started_told_and_stopped(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with roaming(clock, chance, journal, version=version) as whole:
        plug = await share(whole)

        async def result() -> None:
            await clock.sleep(2)
            url = whole.cpo.commands[-1]["response_url"]
            await whole.cpo.client.exchange(
                whole.cpo.connection, "POST", url, module="commands", body={"result": "ACCEPTED"}
            )

        following = asyncio.create_task(result())
        started = await whole.emp.start_session(CARD, *plug)
        await following
        assert started["result"] == {"result": "ACCEPTED"}, started
        sent = whole.cpo.commands[-1]
        assert (sent["location_id"], sent["evse_uid"]) == ("LOC1", "LOC1-1")
        for kwh, status in ((0, "ACTIVE"), (1, "ACTIVE"), (2, "ACTIVE"), (3, "COMPLETED")):
            told = session_of(whole, kwh=Decimal(kwh), status=status)
            await put(whole, "session", told)
            await clock.sleep(60)
        pushed = whole.requests("emp", "sessions", "PUT", "PATCH")
        assert [record["method"] for record in pushed] == ["PUT", "PATCH", "PATCH", "PUT"]
        (session,) = whole.emp.book.sessions.values()
        assert (session["status"], session["kwh"]) == ("COMPLETED", 3)
        assert (session["location_id"], session["evse_uid"], session["connector_id"]) == plug
        following = asyncio.create_task(result())
        stopped = await whole.emp.stop_session(session["id"])
        await following
        assert stopped["result"] == {"result": "ACCEPTED"}
        assert whole.cpo.commands[-1]["session_id"] == "S1"


async def test_a_cpo_of_211_takes_no_commands_and_the_emp_is_told_why(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal, version=V211) as whole:
        plug = await share(whole)
        told = (await whole.emp.start_session(CARD, *plug))["response"]
        assert told["result"] == "REJECTED"
        assert "no commands over OCPI 2.1.1" in told["message"][0]["text"]
        assert whole.cpo.commands == []


@each
async def test_a_cpo_that_registers_after_the_emp_has_its_tokens(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with roaming(clock, chance, journal, version=version) as whole:
        await whole.cpo.registrar.unregister(whole.cpo.connection)
        whole.cpo.tokens.clear()
        await clock.sleep(60)
        await whole.cpo.register()
        await clock.sleep(60)
        assert whole.cpo.tokens[CARD]["issuer"] == "DE*8PS"


@each
async def test_an_emp_that_registers_long_after_the_cpo_sees_all_that_was_told(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with roaming(clock, chance, journal, version=version, register=False) as whole:
        await put(whole, "tariff", o.tariff())
        await put(whole, "location", o.location())
        await clock.sleep(24 * 3600)
        await whole.emp.register(whole.roam.versions_url, whole.roam.token_a)
        await clock.sleep(5)
        assert whole.cpo.tokens[CARD]["issuer"] == "DE*8PS"
        assert await whole.emp.pull() == 1
        _, passed = await post_cdr(whole)
        assert passed["total_energy_cost"]["excl_vat"] == Decimal("5.00")


@each
async def test_while_the_emp_is_down_the_charging_goes_on_and_the_cdr_comes_at_night(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with roaming(clock, chance, journal, version=version) as whole:
        await share(whole)
        reference = await asked(whole)
        if version != V211:
            await put(whole, "session", session_of(whole))
        start, body = rfc3339(clock.now()), cdr_of(whole, reference, session_id="S1")
        await clock.sleep(60)
        port = whole.emp._web.port
        await whole.emp._web.stop()
        if version != V211:
            times = {"start_date_time": start, "status": "COMPLETED"}
            await put(whole, "session", session_of(whole, kwh=Decimal(10), **times))
        await clock.sleep(1800)
        assert (await whole.cpo.ask("POST", "cdrs", body=body, takes="cdr")).ok
        await clock.sleep(3600)
        whole.emp._web.port = port
        await whole.emp._web.start()
        await clock.sleep(24 * 3600)
        (passed,) = whole.emp.book.cdrs.values()
        assert passed["total_energy"] == 10
        (delivered,) = whole.told("roam.cdr-delivered")
        assert (delivered["data"]["tries"], delivered["at"][11:16]) == (2, "02:00")
