"""Tokens that EMPs push."""

from __future__ import annotations

from typing import Any

import pytest

from mock_peer.emp import EmpConfig, start_emp
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from tests.mock_peer.roaming import CARD, TOKEN, roaming


async def test_a_token_is_new_once_and_changed_after(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        other = {"uid": "04EE0002", "contract_id": "DE-EMP-C00000002-5"}
        assert (await whole.emp.push_token(other)).http_status == 201
        assert (await whole.emp.push_token(other)).http_status == 200


async def test_a_disabled_token_is_blocked_for_cpos_at_once(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        await whole.share()
        await whole.emp.push_token({**TOKEN, "valid": False})
        await clock.sleep(1)
        assert whole.cpo.tokens[CARD]["valid"] is False
        told = await whole.cpo.authorize(CARD, {"location_id": "LOC1"})
        assert told.data["allowed"] == "BLOCKED"
        assert whole.requests("emp", "tokens", "POST") == []


async def test_a_token_is_patched_and_given_back_normalised(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        path = ("DE", "EMP", CARD)
        change = {"whitelist": "NEVER", "last_updated": "2026-01-15T08:00:00Z"}
        assert (await whole.ask("PATCH", "tokens", *path, body=change)).ok
        told = await whole.ask("GET", "tokens", *path)
        assert told.data["whitelist"] == "NEVER"
        assert told.data["contract_id"] == "DE-EMP-C00000001-5"
        await clock.sleep(1)
        assert whole.cpo.tokens[CARD]["whitelist"] == "NEVER"
        without_time = await whole.ask("PATCH", "tokens", *path, body={"valid": False})
        assert without_time.status_code == 2001
        unknown = await whole.ask("PATCH", "tokens", "DE", "EMP", "nobody", body=change)
        assert unknown.status_code == 2004
        assert (await whole.ask("GET", "tokens", "DE", "EMP", "nobody")).http_status == 404


@pytest.mark.parametrize(
    ("token", "rule"),
    [
        ({"uid": "A", "type": "APP_USER", "contract_id": "DEEMPC00000009X"}, "roam.token-types"),
        ({"uid": "A", "contract_id": "NLXXXC00000009X"}, "roam.contract-prefixes"),
        ({"uid": "A", "contract_id": TOKEN["contract_id"]}, "roam.contract-keys"),
        ({"uid": CARD, "contract_id": "DEEMPC00000009X"}, "roam.contract-change"),
        ({"uid": "A", "contract_id": "DEEMPC00000009X", "valid": "yes"}, "roam.valid"),
    ],
)
async def test_what_a_rule_refuses_goes_no_further(
    clock: Clock, chance: Chance, journal: Journal, token: dict[str, Any], rule: str
) -> None:
    async with roaming(clock, chance, journal) as whole:
        before = len(whole.cpo.tokens)
        answer = await whole.emp.push_token(token)
        assert answer.status_code == 2001
        assert rule in answer.message
        assert rule in {finding["rule"] for finding in whole.findings()}
        await clock.sleep(1)
        assert len(whole.cpo.tokens) == before


async def test_a_silent_organisation_is_told_nothing_and_the_finding_stands(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal, organisation={"strict": False}) as whole:
        token = {"uid": "A", "type": "APP_USER", "contract_id": "DEEMPC00000009X"}
        assert (await whole.emp.push_token(token)).status_code == 1000
        assert "roam.token-types" in {finding["rule"] for finding in whole.findings()}


@pytest.mark.parametrize("body", [[], "token", {"uid": 1}, {"uid": CARD}, {"uid": "other"}])
async def test_nonsense_is_a_client_error_and_never_ours(
    clock: Clock, chance: Chance, journal: Journal, body: Any
) -> None:
    for strict in (True, False):
        async with roaming(clock, chance, journal, organisation={"strict": strict}) as whole:
            answer = await whole.ask("PUT", "tokens", "DE", "EMP", CARD, body=body)
            assert answer.status_code == 2001
            owner = await whole.ask("PUT", "tokens", "DE", "XYZ", CARD, body=TOKEN)
            assert owner.http_status == 404


async def test_another_emp_s_token_cannot_be_taken_over(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        held = whole.roam.book.tokens.find(CARD, "RFID")
        assert held is not None
        other = whole.roam.book.new_connection()
        whole.roam.book.save(other)
        whole.roam.book.tokens.take(other.id, held.token)
        assert (await whole.emp.push_token(TOKEN)).status_code == 2001


@pytest.mark.parametrize(
    ("told", "sent"),
    [
        ("NEVER", "NEVER"),
        ("ALLOWED_OFFLINE", "ALLOWED_OFFLINE"),
        ("ALLOWED", "ALLOWED_OFFLINE"),
        ("ALWAYS", "ALLOWED_OFFLINE"),
    ],
)
async def test_the_whitelist_that_the_cpo_reads(
    clock: Clock, chance: Chance, journal: Journal, told: str, sent: str
) -> None:
    async with roaming(clock, chance, journal) as whole:
        assert (await whole.emp.push_token({**TOKEN, "whitelist": told})).ok
        await clock.sleep(1)
        assert whole.cpo.tokens[CARD]["whitelist"] == sent
        found = [f["severity"] for f in whole.findings("roam.token-whitelist")]
        assert found == (["drop"] if told != sent else [])


async def test_26_keys_of_a_contract_are_one_too_many(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal, organisation={"keys_per_contract": 25}) as whole:
        answers = [
            await whole.emp.push_token({"uid": f"A{n}", "contract_id": TOKEN["contract_id"]})
            for n in range(25)  # beside the card that was there
        ]
        assert [answer.status_code for answer in answers] == [*[1000] * 24, 2001]
        assert "roam.contract-keys" in answers[-1].message


async def test_a_contract_changes_where_the_organisation_allows_it(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal, organisation={"contract_change": True}) as whole:
        moved = {**TOKEN, "contract_id": "DEEMPC000000023"}
        assert (await whole.emp.push_token(moved)).ok
        await clock.sleep(1)
        assert whole.cpo.tokens[CARD]["contract_id"] == "DE-EMP-C00000002-3"
        again = {"uid": "04EE0002", "contract_id": TOKEN["contract_id"]}
        assert (await whole.emp.push_token(again)).ok  # the old contract is free again


async def test_a_prefix_of_another_emp_is_refused(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    organisation = {"contract_prefixes": ["DE-EMP", "NL-ABC"]}
    async with roaming(clock, chance, journal) as whole:
        _, told = await whole.cpo.control("GET", "/roam")
        first = f"/roam/emps/{told['emps'][0]['id']}"
        status, _ = await whole.cpo.control("PUT", first, {"organisation": organisation})
        assert status == 200
        config = EmpConfig(port=8101, country_code="NL", party_id="ABC", pulls=False)
        second = await start_emp(
            config,
            clock=clock,
            chance=chance,
            journal=journal,
            versions_url=whole.roam.versions_url,
            token_a=whole.roam.token_a,
        )
        token = {"uid": "04EE00AA", "contract_id": "NLABCC000000099"}
        refused = await second.push_token(token)  # its own party, and yet the first one's prefix
        assert refused.status_code == 2001
        assert "roam.contract-prefixes" in refused.message
        assert "registered for DE*EMP" in refused.message
        assert (await whole.emp.push_token(token)).ok
        _, told = await whole.cpo.control("GET", "/roam")
        path = f"/roam/emps/{told['emps'][1]['id']}"
        for prefixes in (["NL-EMP", "DE-EMP"], ["NL-EMP", "DE-EMP-C"]):
            wanted = {"organisation": {"contract_prefixes": prefixes}}
            status, error = await whole.cpo.control("PUT", path, wanted)
            assert (status, error["pointer"]) == (400, "/organisation/contract_prefixes/1")
        wanted = {"organisation": {"contract_prefixes": ["NL-EMP"]}}
        assert (await whole.cpo.control("PUT", path, wanted))[0] == 200
        own = {"uid": "04EE00BB", "contract_id": "NLEMPC000000099"}
        assert (await second.push_token(own)).ok
        await second.stop()
