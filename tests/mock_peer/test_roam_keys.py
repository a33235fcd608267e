"""Tokens that EMPs push."""

from __future__ import annotations

from typing import Any

import pytest

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
