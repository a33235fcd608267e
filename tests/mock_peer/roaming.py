"""The whole way for the tests: a CPO, Plugsurfing with both faces, and an EMP behind Roam."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from mock_peer.emp import Emp, EmpConfig, start_emp
from mock_peer.roam import Roam
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal, Record
from simulator.ocpi.client import Answer
from simulator.ocpi.connection import RECEIVER, SENDER, InterfaceRole
from simulator.wire.http import join_url
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import TestCpo, connected

EMP_PORT = 8100
CARD = "04EE0001"
CONTRACT = "DEEMPC000000015"
TOKEN = {"uid": CARD, "contract_id": CONTRACT}


@dataclass
class Whole:
    """All three parties, registered with each other."""

    cpo: TestCpo
    emp: Emp
    journal: Journal
    clock: Clock

    @property
    def roam(self) -> Roam:
        """Face B."""
        return self.cpo.peer.roam

    async def share(self) -> tuple[str, str, str]:
        """Let the CPO share a location with a tariff, and the EMP pull it; the ids it sees."""
        await self.cpo.put_tariff(o.tariff())
        await self.cpo.put_location(o.location())
        await self.clock.sleep(1)
        await self.emp.pull()
        plug = self.emp.book.first_plug()
        assert plug is not None
        return plug

    async def ask(
        self, method: str, module: str, *path: str, role: InterfaceRole = RECEIVER, **rest: Any
    ) -> Answer:
        """Send any request of the EMP to Roam."""
        url = join_url(self.emp.connection.endpoints[module, role], *path)
        return await self.emp._client.exchange(
            self.emp.connection, method, url, module=module, **rest
        )

    async def pull(self, url: str | None = None, **query: object) -> Answer:
        """GET one page of locations as it stands."""
        link = url or self.emp.connection.endpoints["locations", SENDER]
        return await self.emp._client.exchange(
            self.emp.connection, "GET", link, module="locations", query=query or None
        )

    def findings(self, prefix: str = "roam.") -> list[Record]:
        """The findings about rules that begin so."""
        return [
            record
            for record in self.journal.records
            if record["leg"] == "finding" and record["rule"].startswith(prefix)
        ]

    def told(self, what: str) -> list[Record]:
        """The events of that name."""
        return [r for r in self.journal.records if r["leg"] == "event" and r["what"] == what]

    def requests(self, actor: str, module: str, *methods: str) -> list[Record]:
        """The requests that an actor received."""
        return [
            record
            for record in self.journal.records
            if record["leg"] == "ocpi"
            and (record["actor"], record["module"]) == (actor, module)
            and record["direction"] == "received"
            and record["method"] in methods
        ]


@asynccontextmanager
async def roaming(
    clock: Clock,
    chance: Chance,
    journal: Journal,
    *,
    register: bool = True,
    organisation: dict[str, Any] | None = None,
    config: EmpConfig | None = None,
    **options: Any,
) -> AsyncIterator[Whole]:
    """A registered CPO, a registered EMP with one card that the CPO knows; no pulls by itself."""
    async with connected(clock, chance, journal, organisation=organisation, **options) as cpo:
        config = config or EmpConfig(port=EMP_PORT, tokens=(TOKEN,), pulls=False)
        emp = await start_emp(config, clock=clock, chance=chance, journal=journal)
        try:
            if register:
                await emp.register(cpo.peer.roam.versions_url, cpo.peer.roam.token_a)
                await clock.sleep(5)
            yield Whole(cpo, emp, journal, clock)
        finally:
            await emp.stop()
