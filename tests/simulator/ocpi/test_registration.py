"""Registration over real sockets: both directions, rotation, the end, and what goes wrong."""

from __future__ import annotations

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.connection import SENDER
from tests.simulator.ocpi.platforms import CPO, EMSP, side


async def test_a_cpo_registers_with_an_emsp(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with (
        side("cpo", [CPO], clock, chance, journal) as cpo,
        side("emsp", [EMSP], clock, chance, journal) as emsp,
    ):
        theirs = emsp.invite("cpo")
        ours = cpo.invited("emsp", emsp.server.versions_url)
        await cpo.registrar.register(ours)
        assert ours.registered and theirs.registered
        assert ours.version == theirs.version == "2.2.1"
        assert ours.token_out == theirs.token_in != "token-A"
        assert theirs.token_out == ours.token_in
        assert ours.token_next == ""
        assert ours.their_roles == [EMSP] and theirs.their_roles == [CPO]
        assert ours.endpoints["credentials", SENDER].startswith(emsp.http.base_url)
        assert emsp.store.by_token("token-A") is None
