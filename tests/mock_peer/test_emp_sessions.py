"""Sessions, and the results of commands."""

from __future__ import annotations

from typing import Any

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.connection import SENDER
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import TestCpo, connected

PERIOD = {"start_date_time": o.AT, "dimensions": [{"type": "ENERGY", "volume": 1}]}


async def held(cpo: TestCpo) -> dict[str, Any]:
    _, state = await cpo.control("GET", "/state")
    (session,) = state["held"][0]["sessions"]
    assert isinstance(session, dict)
    return session


async def patch(cpo: TestCpo, body: Any, name: str = "S1") -> Any:
    return await cpo.ask("PATCH", "sessions", "DE", "ABC", name, body=body)


async def test_put_replaces_periods_and_patch_adds_them(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        body = o.session(charging_periods=[PERIOD])
        assert (await cpo.put_session(body)).http_status == 201
        change = {"kwh": 2, "charging_periods": [PERIOD], "last_updated": o.AT}
        assert (await patch(cpo, change, "s1")).status_code == 1000
        session = await held(cpo)
        assert (session["kwh"], session["charging_periods"]) == (2, [PERIOD, PERIOD])
        await patch(cpo, {"kwh": 3, "last_updated": o.AT})
        assert len((await held(cpo))["charging_periods"]) == 2
        assert (await cpo.put_session(o.session(status="COMPLETED"))).http_status == 200
        assert "charging_periods" not in await held(cpo)


async def test_a_patch_of_an_unknown_session_or_without_a_time_is_2001(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        await cpo.put_location(o.location())
        assert (await patch(cpo, {"kwh": 1, "last_updated": o.AT})).status_code == 2001
        await cpo.put_session(o.session())
        assert (await patch(cpo, {"kwh": 1})).status_code == 2001
        assert await cpo.findings() == ["session.valid"] * 2


async def test_two_owners_may_use_the_same_id(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    """Ids are a CPO's own, and a connection may speak for several."""
    cpos = [{"name": "Another", "country_code": "DE", "party_id": "DEF"}]
    profile = {"cpos": cpos, "private_locations": "test"}
    async with connected(clock, chance, journal, profile=profile) as cpo:
        await cpo.put_session(o.session(status="COMPLETED"))
        path, body = ("DE", "DEF", "S1"), o.session(party_id="DEF")
        assert (await cpo.ask("PUT", "sessions", *path, body=body)).http_status == 201
        change = {"kwh": 7, "last_updated": o.AT}
        assert (await cpo.ask("PATCH", "sessions", *path, body=change)).status_code == 1000
        _, state = await cpo.control("GET", "/state")
        held = {s["party_id"]: (s["status"], s["kwh"]) for s in state["held"][0]["sessions"]}
        assert held == {"ABC": ("COMPLETED", 0), "DEF": ("ACTIVE", 7)}
        assert await cpo.findings() == []


async def test_charging_preferences_are_left_out(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        await cpo.put_location(o.location())
        body = o.session(charging_preferences={"profile_type": "FAST"})
        assert (await cpo.put_session(body)).status_code == 1000
        assert "charging_preferences" not in await held(cpo)
        assert await cpo.findings() == ["session.no-preferences"]


async def test_the_result_of_an_unknown_command_is_404_and_a_wrong_one_refused(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        answer = await cpo.ask(
            "POST", "commands", "START_SESSION", "x", role=SENDER, body={"result": "ACCEPTED"}
        )
        assert answer.http_status == 404
        await cpo.control("POST", "/commands/STOP_SESSION", {"session_id": "S1"})
        url = cpo.commands[0]["response_url"]
        wrong = await cpo.client.exchange(
            cpo.connection, "POST", url, module="commands", body={"result": "DONE"}
        )
        assert wrong.status_code == 2001
        right = await cpo.client.exchange(
            cpo.connection, "POST", url, module="commands", body={"result": "TIMEOUT"}
        )
        assert right.status_code == 1000
        _, state = await cpo.control("GET", "/state")
        assert state["commands"][0]["result"] == {"result": "TIMEOUT"}
        assert await cpo.findings() == ["command.valid"]
