"""An EMP of a world, behind the Roam face of one of its peers, driven over HTTP only.

Rule: as for peers: its package is never imported, it is found by its entry point and spoken to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import Mistake
from simulator.wire.faults import FaultBoard
from simulator.wire.faults_guest import Welcome
from simulator.world_file import EmpPlan
from simulator.world_peer import (
    ControlClient,
    Peer,
    drive,
    installed,
    safety,
    told_of_the_world,
)

ENTRY_POINTS = "simulator.emps"


class Emp:
    """An EMP and its control API (`/_emp/`). `peer` is the one at whose Roam face it registers,
    `actor` its name in the journal.
    """

    def __init__(
        self,
        plan: EmpPlan,
        peer: Peer,
        *,
        clock: Clock,
        chance: Chance,
        journal: Journal,
        actor: str = "emp",
        insecure: bool = False,
        faults: FaultBoard | None = None,
    ) -> None:
        self.plan = plan
        self.name = plan.name
        self.actor = actor
        self.versions_url = ""
        self.control_url = ""
        self.peer = peer
        self._clock = clock
        self._chance = chance
        self._journal = journal
        self._running: Any = None
        self._up = True
        self._safety = safety(plan.tls, insecure=insecure)
        self._welcome = None if faults is None else Welcome(faults, actor)
        self._http = ControlClient(clock, self._welcome, self._safety)

    async def start(self, host: str) -> None:
        """Start it, with its tokens. Raises BindError, Mistake."""
        start = installed(ENTRY_POINTS, "EMP", self.plan.kind)
        config = {
            **self._who(),
            "host": host,
            "port": self.plan.port or 0,
            "tokens": tuple(self.plan.tokens),
            "pulls": self.plan.pulls,
            "actor": self.actor,
            **self._safety,
        }
        chance = self._chance.child(self.name)
        self._running = await start(
            config,
            clock=self._clock,
            chance=chance,
            journal=self._journal,
            **told_of_the_world(start, self._welcome),
        )
        self.versions_url = self._running.versions_url
        self.control_url = self._running.control_url

    def _who(self) -> dict[str, str]:
        plan = self.plan
        name = plan.business_name or plan.name
        return {"name": name, "country_code": plan.country_code, "party_id": plan.party_id}

    def cut(self) -> None:
        """Cut every connection to it, without a word."""
        if self._running is not None:
            self._running.cut()

    @property
    def missing(self) -> str | None:
        """Why there is nobody to be asked; None if there is."""
        return None if self._up else f"{self.name} is away: emp_up brings it back"

    async def down(self) -> None:
        """Let it be away, as without power: connections break, nobody answers. Raises Mistake."""
        if self._running is None or not self._up:
            raise Mistake(self.missing or f"{self.name} is not there")
        self._up = False
        self._journal.event("world", "emp.down", peer=self.actor)
        await self._running.down()

    async def up(self) -> None:
        """Let it be back where it was, with what it held. Raises Mistake, BindError."""
        if self._running is None or self._up:
            raise Mistake(f"{self.name} has not been away")
        self._up = True
        self._journal.event("world", "emp.up", peer=self.actor)
        await self._running.start()

    @property
    def struck(self) -> bool:
        """Whether faults of the world's board reach it: not all kinds of EMPs know how."""
        start = installed(ENTRY_POINTS, "EMP", self.plan.kind)
        return bool(told_of_the_world(start, self._welcome))

    async def stop(self) -> None:
        """Stop it."""
        await self._http.close()
        if self._running is not None:
            running, self._running = self._running, None
            await running.stop()

    async def register(self) -> None:
        """Let it and Roam exchange credentials; who begins stands in the file.

        What Plugsurfing sets up for it is set first. Raises PeerRefused.
        """
        told = {"organisation": {**self._who(), **self.plan.organisation}, "name": self.actor}
        if self.plan.register == "roam":
            invited = {"versions_url": self.versions_url, "token_a": self._running.token_a()}
            await self.peer.control("POST", "/roam/register", {**invited, **told})
        elif self.plan.register == "emp":
            roam = await self.peer.control("GET", "/roam")
            waiting = next(emp["id"] for emp in roam["emps"] if not emp["registered"])
            await self.peer.control("PUT", f"/roam/emps/{quote(waiting, safe='')}", told)
            body = {"versions_url": roam["versions_url"], "token_a": roam["token_a"]}
            await self.control("POST", "/register", body)

    # Its control API

    async def state(self) -> Any:
        """What it holds."""
        return await self.control("GET", "/state")

    async def pull(self) -> Any:
        """Let it pull all locations."""
        return await self.control("POST", "/pull", {"full": True})

    async def start_session(self, **fields: Any) -> Any:
        """Let it start a session; returns the CPO's answer and, once there, its result."""
        return await self.control("POST", "/start", fields)

    async def stop_session(self, session_id: str | None = None) -> Any:
        """Let it stop a session, by default its newest."""
        body: Mapping[str, Any] = {} if session_id is None else {"session_id": session_id}
        return await self.control("POST", "/stop", body)

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control API. Raises PeerRefused, HttpFailure."""
        return await drive(self._http, method, f"{self.control_url}{path}", body)
