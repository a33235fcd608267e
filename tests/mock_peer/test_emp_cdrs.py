"""CDRs and where they are: what the conversation in test_server does not show."""

from __future__ import annotations

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import connected


async def test_two_owners_may_use_the_same_id(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    """Ids are unique by country_code and party_id (2.2.1 mod_cdrs, CDR)."""
    off = dict.fromkeys(("cdr.authorization-reference", "cdr.realtime-only"), "off")
    cpos = [{"name": "Another", "country_code": "DE", "party_id": "DEF"}]
    profile = {"rules": off, "private_locations": "test", "cpos": cpos}
    async with connected(clock, chance, journal, profile=profile) as cpo:
        first = await cpo.post_cdr(o.cdr())
        other = await cpo.post_cdr(o.cdr(party_id="DEF"))
        assert (first.status_code, other.status_code) == (1000, 1000), other.message
        assert first.headers["Location"] != other.headers["Location"]


async def test_an_unknown_location_of_a_cdr_is_404(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        assert (await cpo.ask("GET", "cdrs", "nothing")).http_status == 404


async def test_a_refused_cdr_may_be_mended_and_comes_again_under_its_id(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    profile = {"rules": {"cdr.realtime-only": "off"}, "private_locations": "test"}
    async with connected(clock, chance, journal, profile=profile) as cpo:
        assert (await cpo.post_cdr(o.cdr(total_energy=-1))).status_code == 2001
        assert (await cpo.post_cdr(o.cdr())).status_code == 1000
