"""The simulated EMP over HTTP."""

from __future__ import annotations

from typing import Any

import msgspec

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from tests.mock_peer.roaming import CARD, Whole, roaming
from tests.mock_peer.test_relay import session_of


async def ask(whole: Whole, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Ask the EMP's control API."""
    content = b"" if body is None else msgspec.json.encode(body)
    response = await whole.cpo.send(method, f"{whole.emp.control_url}{path}", content)
    return response.status, msgspec.json.decode(response.body)


async def test_it_registers_pulls_and_tells_what_it_holds(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal, register=False) as whole:
        assert (await ask(whole, "GET", "/state"))[1]["registered"] is False
        status, told = await ask(whole, "POST", "/pull")
        assert (status, told["error"]) == (409, "the EMP is not registered with anyone")
        side = {"versions_url": whole.roam.versions_url, "token_a": whole.roam.token_a}
        assert (await ask(whole, "POST", "/register", side))[0] == 200
        await whole.share()
        assert await ask(whole, "POST", "/pull", {"full": False}) == (200, {"locations": 0})
        assert await ask(whole, "POST", "/pull") == (200, {"locations": 1})
        state = (await ask(whole, "GET", "/state"))[1]
        assert (state["party"], state["registered"]) == ("DE*EMP", True)
        assert len(state["locations"]) == 1


async def test_what_it_has_with_roam_at_a_glance(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal, register=False) as whole:
        assert (await ask(whole, "GET", "/dealings"))[1]["connections"] == []
        side = {"versions_url": whole.roam.versions_url, "token_a": whole.roam.token_a}
        await ask(whole, "POST", "/register", side)
        await whole.share()
        await ask(whole, "POST", "/pull")
        told = (await ask(whole, "GET", "/dealings"))[1]
        (one,) = told["connections"]
        assert (one["began"], one["version"], one["token_out"]) == ("us", "2.2.1", True)
        assert told["held"]["locations"] == 1 and CARD in str(told["tokens"])
        assert whole.emp.connection.token_out not in str(told)


async def test_it_starts_and_stops(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with roaming(clock, chance, journal) as whole:
        assert (await ask(whole, "POST", "/start"))[0] == 409
        assert (await ask(whole, "POST", "/stop"))[0] == 409
        await whole.share()
        whole.cpo.command_answer = {"result": "REJECTED", "timeout": 5}
        status, told = await ask(whole, "POST", "/start")
        assert (status, told["response"]["result"]) == (200, "REJECTED")
        assert whole.cpo.commands[-1]["location_id"] == "LOC1"
        await whole.cpo.put_session(session_of(whole))
        await clock.sleep(5)
        assert (await ask(whole, "POST", "/stop"))[0] == 200
        assert whole.cpo.commands[-1]["session_id"] == "S1"


async def test_it_changes_tokens_and_answers(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        status, told = await ask(whole, "PUT", f"/tokens/{CARD}", {"valid": False})
        assert (status, told["status_code"]) == (200, 1000)
        await clock.sleep(1)
        assert whole.cpo.tokens[CARD]["valid"] is False
        status, told = await ask(whole, "PUT", "/tokens/new", {})
        assert (status, told["pointer"]) == (400, "/contract_id")
        answers = {"tokens": {CARD: {"allowed": "BLOCKED"}}, "cdr_http_status": 500}
        assert (await ask(whole, "PUT", "/answers", answers))[0] == 200
        assert whole.emp.answers.verdict(CARD).allowed == "BLOCKED"
        status, told = await ask(whole, "PUT", "/answers", {"cdr_http_state": 500})
        assert (status, told["pointer"]) == (400, "/cdr_http_state")


async def test_what_is_not_there_is_told(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with roaming(clock, chance, journal) as whole:
        assert (await ask(whole, "GET", "/nothing"))[0] == 404
        assert (await ask(whole, "GET", "/pull"))[0] == 405
        assert (await ask(whole, "POST", "/pull", []))[0] == 400
