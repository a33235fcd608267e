"""Plugsurfing as the active party: pulls, pushes, and what fails at the other side."""

from __future__ import annotations

from typing import Any

import pytest

from mock_peer.active import Refused
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.client import OcpiCallFailed
from simulator.ocpi.envelope import OcpiError
from simulator.ocpi.exchange import Ctx, Result
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import TestCpo, connected


def events(journal: Journal, what: str) -> list[dict[str, Any]]:
    return [r["data"] for r in journal.records if r.get("what") == what]


async def register_with(cpo: TestCpo, locations: list[Any], tariffs: list[Any]) -> None:
    cpo.locations, cpo.tariffs = locations, tariffs
    await cpo.register()
    await cpo.clock.sleep(10)


async def test_after_registration_every_page_is_pulled_and_judged(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal, register=False) as cpo:
        places = [o.location(f"L{n}") for n in range(5)]
        places[1]["publish"] = "yes"
        places[3]["country"] = "AUS"
        tariffs = [o.tariff("T1"), o.tariff("T2", type="AD_HOC_PAYMENT"), o.tariff("T3")]
        await register_with(cpo, places, tariffs)
        _, state = await cpo.control("GET", "/state")
        held = state["held"][0]
        assert [place["id"] for place in held["locations"]] == ["L0", "L2", "L4"]
        assert [tariff["id"] for tariff in held["tariffs"]] == ["T1", "T3"]
        _, told = await cpo.control("GET", "/findings")
        rules = [f["rule"] for f in told["findings"]]
        assert rules == ["tariff.regular-only", "location.valid", "location.territory"]
        pages = {journal.since(f["message_seq"] - 1)[0]["url"] for f in told["findings"]}
        assert all("/locations" in url or "/tariffs" in url for url in pages)
        assert events(journal, "peer.pulled") == [
            {"module": "tariffs", "kept": 2},
            {"module": "locations", "kept": 3},
        ]


async def test_what_a_full_list_no_longer_holds_is_forgotten(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal, register=False) as cpo:
        await register_with(cpo, [o.location("L1"), o.location("L2")], [])
        cpo.locations = [o.location("L2")]
        status, pulled = await cpo.control("POST", "/connections/cpo-1/pull")
        assert (status, pulled["kept"]) == (200, {"tariffs": 0, "locations": 1})
        _, state = await cpo.control("GET", "/state")
        assert [place["id"] for place in state["held"][0]["locations"]] == ["L2"]


async def test_a_list_that_breaks_off_forgets_nothing(
    clock: Clock, chance: Chance, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(clock, chance, journal, register=False) as cpo:
        await register_with(cpo, [o.location(f"L{n}") for n in range(3)], [])
        listing = Ctx.listing

        def broken(ctx: Ctx, window: Any) -> Result:
            if ctx.query.get("offset") not in (None, "0"):
                raise OcpiError("the database is gone", status_code=3000)
            return listing(ctx, window)

        monkeypatch.setattr(Ctx, "listing", broken)
        status, told = await cpo.control("POST", "/connections/cpo-1/pull")
        assert status == 502 and told["kept"] == {"tariffs": 0, "locations": 2}
        assert told["error"].startswith("the pull failed: locations: ") and "3000" in told["error"]
        _, state = await cpo.control("GET", "/state")
        assert len(state["held"][0]["locations"]) == 3
        assert "3000" in events(journal, "peer.call-failed")[-1]["error"]


async def test_a_cpo_that_takes_commands_and_tells_no_sessions_is_warned(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        (connection,) = (c for c in cpo.peer.book.all() if c.registered)
        assert await cpo.findings() == []
        connection.endpoints.pop(("sessions", "SENDER"))
        await cpo.peer.active.settled(connection)
        assert await cpo.findings() == ["session.required-for-remote"]


@pytest.mark.parametrize(
    ("response", "places"),
    [
        ({"result": "ACCEPTED", "timeout": 30}, []),
        ({"result": "REJECTED", "timeout": 0}, []),
        ({"result": "FOO", "timeout": 30}, ["/result"]),
        ({"result": "ACCEPTED"}, ["/timeout"]),
        ({}, ["/result", "/timeout"]),
        (None, [""]),
    ],
)
async def test_the_answer_to_a_command_is_judged(
    clock: Clock, chance: Chance, journal: Journal, response: Any, places: list[str]
) -> None:
    async with connected(clock, chance, journal) as cpo:
        cpo.command_answer = response
        status, _ = await cpo.control("POST", "/commands/STOP_SESSION", {"session_id": "S1"})
        assert status == 200
        _, told = await cpo.control("GET", "/findings")
        found = [(f["rule"], f["pointer"]) for f in told["findings"]]
        assert sorted(found) == [("command.valid", place) for place in places]
        for finding in told["findings"]:
            assert journal.since(finding["message_seq"] - 1)[0]["module"] == "commands"


async def test_a_cpo_that_lacks_what_is_required_is_warned(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        (connection,) = (c for c in cpo.peer.book.all() if c.registered)
        connection.endpoints.pop(("tokens", "RECEIVER"))
        await cpo.peer.active.settled(connection)
        assert await cpo.findings() == ["credentials.endpoints"]


async def test_a_cpo_that_left_at_once_is_not_judged_by_what_it_offers_no_more(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal, register=False) as cpo:
        await cpo.register()
        (connection,) = (c for c in cpo.peer.book.all() if c.registered)
        await cpo.peer.active.unregister(connection)
        await cpo.clock.sleep(10)
        assert await cpo.findings() == []
        assert events(journal, "peer.registered") == []


async def test_a_cpo_that_offers_nothing_is_3003(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal, register=False, routes=False) as cpo:
        with pytest.raises(OcpiCallFailed) as caught:
            await cpo.register()
        assert caught.value.answer.status_code == 3003
        assert "locations (SENDER)" in caught.value.answer.message
        (told,) = events(journal, "ocpi.endpoints-missing")
        assert told["offered"] == ["credentials"]
        assert not any(c.registered for c in cpo.peer.book.all())


async def test_nothing_is_ended_twice(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with connected(clock, chance, journal) as cpo:
        (connection,) = (c for c in cpo.peer.book.all() if c.registered)
        assert (await cpo.peer.active.unregister(connection)).ok
        assert not cpo.connection.registered
        with pytest.raises(Refused):
            await cpo.peer.active.unregister(connection)


@pytest.mark.parametrize("who_ends", ["the CPO", "the peer"])
async def test_a_cpo_that_registers_again_is_called_as_before(
    clock: Clock, chance: Chance, journal: Journal, who_ends: str
) -> None:
    async with connected(clock, chance, journal) as cpo:
        for number in (2, 3):
            (connection,) = (c for c in cpo.peer.book.all() if c.registered)
            if who_ends == "the CPO":
                await cpo.registrar.unregister(cpo.connection)
            else:
                await cpo.peer.active.unregister(connection)
            await cpo.clock.sleep(1)
            since = journal.records[-1]["seq"]
            await cpo.register()
            await cpo.clock.sleep(10)
            told = [r for r in journal.since(since) if r["actor"] == "plugsurfing"]
            assert {r["peer"] for r in told if r["leg"] == "ocpi"} == {"cpo"}
            (connection,) = (c for c in cpo.peer.book.all() if c.registered)
            assert (connection.id, connection.peer) == (f"cpo-{number}", "cpo")
            (other,) = (c for c in cpo.peer.book.all() if not c.registered)
            assert other.peer == "cpo-2", "the next is another, as long as this one is there"


async def test_each_cpo_gets_a_token_a_of_its_own(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal, register=False) as cpo:
        first = cpo.peer.token_a
        assert cpo.peer.token_a == first
        await cpo.register()
        await clock.sleep(10)
        assert cpo.peer.token_a != first
