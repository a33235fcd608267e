"""What the peer has with CPOs, at a glance."""

from __future__ import annotations

import msgspec

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import connected


async def test_all_at_a_glance_and_no_credentials(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        await cpo.put_location(o.location())
        await cpo.put_location(o.location(id="LOC9", country="AUS"))
        await cpo.control("PUT", "/authorizations", {"default": {"allowed": "BLOCKED"}})
        await cpo.control("POST", "/faults", {"kind": "drop", "module": "cdrs"})
        status, told = await cpo.control("GET", "/dealings")
        assert status == 200
        (one,) = told["connections"]
        assert (one["version"], one["began"], one["registered"]) == ("2.2.1", "them", True)
        assert one["since"] and one["token_in"] is one["token_out"] is True
        assert one["held"]["locations"] == 1 and one["strict"] is True
        assert ["tokens", "RECEIVER"] in one["their_endpoints"]
        assert told["broken"]["location.territory"]["times"] == 1 <= told["findings"]
        assert told["answers"]["default"]["allowed"] == "BLOCKED"
        assert told["faults"][0]["kind"] == "drop"
        text = msgspec.json.encode(told).decode()
        for secret in (cpo.connection.token_in, cpo.connection.token_out, cpo.peer.token_a):
            assert secret and secret not in text


async def test_tokens_are_told_with_what_was_answered_to_them(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        _, told = await cpo.control("GET", "/dealings")
        card = next(token for token in told["tokens"] if token["uid"] == "04A1B2C3D4E5F6")
        assert card["pushed"]["cpo-1"]["status_code"] == 1000
        assert told["tokens_held"] == len(told["tokens"]) == 7
        await cpo.control("PUT", "/tokens/04FF", {"valid": False, "push": False})
        _, told = await cpo.control("GET", "/dealings")
        fresh = told["tokens"][-1]
        assert (fresh["uid"], fresh["valid"], fresh["pushed"]) == ("04FF", False, {})


async def test_the_module_table_tells_what_is_refused(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        _, told = await cpo.control("GET", "/dealings")
        rows = {(m["version"], m["module"], m["role"]): m for m in told["modules"]}
        assert rows["2.1.1", "tariffs", "RECEIVER"]["taken"] == ["PUT", "PATCH", "DELETE"]
        assert rows["2.2.1", "tariffs", "RECEIVER"]["refused"] == ["GET"]
        assert rows["2.1.1", "sessions", "RECEIVER"]["taken"] == []
        assert rows["2.2", "sessions", "RECEIVER"]["taken"] == ["PUT", "PATCH"]
