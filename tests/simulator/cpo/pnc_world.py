"""A world with contracts: the CPO of `world`, a PKI in memory, its services."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography import x509
from ocpp.v201 import call

from simulator.cpo.config import PncSettings
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.pki.certificates import ocsp_request_data, pem
from simulator.pki.contract import Contract
from simulator.pki.server import PkiServer
from simulator.pki.store import Pki
from tests.simulator.cpo.stations import Station201
from tests.simulator.cpo.world import World, running, token

PUSHED = "DE-8PS-COO13A3LZ-3"  # as Plugsurfing pushes it; a car says it without dashes
COMPACT = "DE8PSCOO13A3LZ3"
RESPONDER_PORT = 9300


def contract_token(uid: str = PUSHED, **fields: Any) -> dict[str, Any]:
    """A token for Plug & Charge, as documented."""
    pnc = {"type": "OTHER", "whitelist": "NEVER", "contract_id": uid, "issuer": "DE*8PS"}
    return token(uid, **{**pnc, **fields})


@dataclass
class PncWorld(World):
    """A world, and who vouches for its contracts."""

    pki: Pki
    server: PkiServer

    def contract(self, emaid: str = COMPACT, **how: Any) -> Contract:
        """A contract for an EMAID."""
        return self.pki.issue_contract(emaid, self.clock.now(), self.chance, **how)

    def authorizations(self) -> list[Mapping[str, Any]]:
        """What was journalled of each."""
        return [record["data"] for record in self.events("pnc.authorized")]


@asynccontextmanager
async def pnc_world(
    clock: Clock,
    chance: Chance,
    journal: Journal,
    *,
    settings: Mapping[str, Any] | None = None,
    tokens: list[dict[str, Any]] | None = None,
    pki: Pki | None = None,
    **config: Any,
) -> AsyncIterator[PncWorld]:
    """A CPO that trusts the PKI's roots, an eMSP, and its services; `settings` change the first."""
    ours = Chance(7, "pki")  # a chance of its own: a later world of a test would draw it again
    url = f"http://127.0.0.1:{RESPONDER_PORT}/ocsp"
    pki = pki or Pki.create(ours, clock.now(), ocsp_url=url)
    server = PkiServer(
        pki, clock=clock, chance=ours, journal=journal, default=COMPACT, port=RESPONDER_PORT
    )
    roots = {
        "mo_roots": [pem(root) for root in pki.roots("MO")],
        "v2g_roots": [pem(root) for root in pki.roots("V2G")],
    }
    known = [contract_token(), token()] if tokens is None else tokens
    await server.start()
    urls = {name: server.urls[name] for name in ("pool_url", "est_url")}
    pnc = PncSettings(**{**roots, **urls, **(settings or {})})
    try:
        async with running(clock, chance, journal, tokens=known, **{"pnc": pnc, **config}) as world:
            yield PncWorld(world.cpo, world.emsp, clock, chance, journal, pki=pki, server=server)
    finally:
        await server.stop()


def hashes(contract: Contract, pki: Pki) -> list[dict[str, Any]]:
    """What a station that validates by itself sends: 2.0.1's OCSPRequestDataType."""
    data = ocsp_request_data(contract.chain, pki.roots("MO"))
    assert data is not None
    return list(data)


async def show(
    station: Station201,
    contract: Contract,
    *,
    emaid: str = COMPACT,
    by_hashes: Pki | None = None,
    chain: str | None = None,
) -> tuple[str | None, str]:
    """Authorize with a contract; returns certificateStatus and idTokenInfo.status."""
    shown: dict[str, Any] = {"certificate": contract.chain_pem if chain is None else chain}
    if by_hashes is not None:
        shown = {"iso15118_certificate_hash_data": hashes(contract, by_hashes)}
    id_token = {"id_token": emaid, "type": "eMAID"}
    answer = await station.call(call.Authorize(id_token, **shown), suppress=False)
    return answer.certificate_status, answer.id_token_info["status"]


def another_root(clock: Clock) -> x509.Certificate:
    """An MO root of somebody else."""
    return Pki.create(Chance(8, "other"), clock.now()).roots("MO")[0]


YEAR = timedelta(days=365)
