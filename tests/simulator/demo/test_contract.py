"""The act of the car that needs no card: what it claims is so, and is noticed where it is not."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest

from simulator.demo.story import ACTS as STORY
from simulator.demo.story import FULL, Act, Stage, no_card
from simulator.demo.teller import Teller
from simulator.demo.witness import Claim, Witness
from simulator.world import World
from simulator.world_contracts import PkiPlan, PncPlan
from simulator.world_file import WorldFile, find, read


def act() -> Act:
    (found,) = [each for each in STORY if each.play is no_card]
    return found


async def tell(plan: WorldFile) -> list[Claim]:
    """The act alone, in a world that has registered."""
    world = World(plan)
    stage = Stage(world, Teller(io.StringIO()), FULL, Witness(world.journal))
    async with world:
        await world.clock.sleep(1)
        stage.witness.after = world.journal.seq
        await no_card(stage)
    return stage.witness.claims


@pytest.mark.parametrize("name", ["demo", "demo-211"])
async def test_it_is_as_told(name: str) -> None:
    claims = await tell(read(find(name)))
    assert [claim.text for claim in claims if not claim.holds] == []
    text = " ".join(claim.text for claim in claims)
    assert "DE8PSCE7A2K7M9I" in text
    assert "DE-8PS-CE7A2K7M9-I" in text


async def test_a_responder_that_is_down_is_noticed() -> None:
    plan = read(find("demo"))
    claims = await tell(replace(plan, pki=PkiPlan(switches={"ocsp": "down"}, ocsp_valid_for_s=10)))
    wrong = [claim.text for claim in claims if not claim.holds]
    assert any("said ALLOWED" in text for text in wrong)
    assert any("CertificateRevoked" in text for text in wrong)


async def test_a_station_that_shows_certificates_and_not_hashes_is_noticed() -> None:
    plan = read(find("demo"))
    stations = tuple(
        s if s.pnc is None else replace(s, pnc=PncPlan(validation="central")) for s in plan.stations
    )
    claims = await tell(replace(plan, stations=stations))
    wrong = [claim.text for claim in claims if not claim.holds]
    assert wrong == ["no card was shown: the station named the contract DE8PSCE7A2K7M9I"]


async def test_a_contract_that_is_not_blocked_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(self: Any, token: Any) -> None:
        return None

    monkeypatch.setattr("simulator.world_peer.Peer.put_token", nothing)
    claims = await tell(read(find("demo")))
    (wrong,) = [claim.text for claim in claims if not claim.holds]
    assert "ContractCancelled" in wrong


async def test_it_needs_a_pki() -> None:
    world = World(replace(read(find("demo")), pki=None))
    stage = Stage(world, Teller(io.StringIO()), FULL, Witness(world.journal))
    assert act().needs.lacking(stage) == "this world has no PKI"
    await world.stop()
